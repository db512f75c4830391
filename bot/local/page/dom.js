// Elements made from data. Text from outside only ever becomes a text node.

/** An element; `props`: attributes, `on…` listeners; null and undefined leave one out, as false does but for aria-…. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) put(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function put(node, name, value) {
  if (typeof value === "function") node.addEventListener(name.slice(2), value);
  else if (typeof value === "boolean" && name.startsWith("aria-")) node.setAttribute(name, String(value));
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
}

export const unseen = (text) => el("span", { class: "unseen" }, text);

export const byId = (id) => document.getElementById(id);

/** Write text only where it changed: a live region is not read out twice. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const drawn = new WeakMap();

/**
 * Bring the children of `parent` in line with `entries`: `{key, mark, draw(old)}`.
 * A child whose mark is the same stays as it is, with its focus, open menus and typed text.
 */
export function keyed(parent, entries) {
  const old = drawn.get(parent) ?? new Map();
  const now = new Map(entries.map((entry) => [entry.key, current(entry, old.get(entry.key))]));
  for (const [key, { node }] of old) if (!now.has(key)) node.remove();
  let place = parent.firstChild;
  for (const { node } of now.values()) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  drawn.set(parent, now);
}

function current(entry, was) {
  if (!was) return { mark: entry.mark, node: entry.draw(null) };
  if (was.mark === entry.mark) return was;
  const node = entry.draw(was.node);
  swap(was.node, node);
  return { mark: entry.mark, node };
}

/** Put `fresh` where `old` was; what had the focus has it again. */
export function swap(old, fresh) {
  const spot = spotIn(old);
  old.replaceWith(fresh);
  if (spot) regain(fresh, spot);
}

const CAN_FOCUS = "a[href], button, input, select, textarea, [tabindex]";

const sign = (node) => [node.tagName, node.id, node.name, node.dataset.key, node.getAttribute("aria-label"),
  node.tagName === "BUTTON" ? node.textContent : ""].join(" ");

function spotIn(node) {
  const active = document.activeElement;
  if (!active || !node.contains(active)) return null;
  return { sign: sign(active), at: [...node.querySelectorAll(CAN_FOCUS)].indexOf(active), self: active === node };
}

function regain(node, spot) {
  const all = [...node.querySelectorAll(CAN_FOCUS)];
  const again = spot.self ? node : all.find((one) => sign(one) === spot.sign) ?? all[spot.at] ?? node;
  if (again === node && !node.hasAttribute("tabindex")) node.tabIndex = -1;
  again.focus({ preventScroll: true });
}
