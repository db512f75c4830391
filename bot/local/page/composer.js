// The message box: Enter sends, Shift+Enter breaks the line, Up brings back what was sent; words are completed.

import { completion } from "./completion.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { roomName } from "./room.js";

/** `{show(view), focus(), put(text)}` of the box in `form`. `thread`: it writes into the open thread. */
export function startComposer(app, form, { label, thread }) {
  const id = thread ? "thread-composer" : "composer";
  const box = el("textarea", {
    id, rows: 1, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-options`,
    "aria-label": label, autocomplete: "off", spellcheck: "false", enterkeyhint: "send",
  });
  const list = el("ul", { class: "options", id: `${id}-options`, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const hint = el("p", { class: "hint", role: "status" });
  const button = el("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send" }, icon("send"));
  form.append(list, el("div", { class: "box" }, box, button), hint);
  const parts = { app, form, box, list, hint, thread, drafts: new Map(), sent: [], back: 0, found: null, active: 0, key: "" };
  listen(parts);
  return {
    show: (view) => showBox(parts, view, label),
    focus: () => box.focus({ preventScroll: true }),
    put: (text) => { write(parts, text); box.focus(); suggest(parts); },
  };
}

function listen(parts) {
  const { box, form, list } = parts;
  box.addEventListener("input", () => { parts.back = 0; fit(box); suggest(parts); });
  box.addEventListener("keydown", (event) => !event.isComposing && onKey(parts, event));
  box.addEventListener("blur", () => hide(parts));
  form.addEventListener("submit", (event) => { event.preventDefault(); sendLine(parts); });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(parts, parts.found.options[[...list.children].indexOf(option)]);
  });
}

function showBox(parts, view, label) {
  const { app, box, drafts } = parts;
  const key = `${view.me} ${view.in} ${parts.thread ? app.place.thread : ""}`;
  if (key === parts.key) return;
  drafts.set(parts.key, box.value);
  parts.key = key;
  write(parts, drafts.get(key) ?? "");
  hide(parts);
  const room = view.conversations.find((one) => one.id === view.in);
  const name = parts.thread ? label : `Message ${roomName(room).replace("# ", "#")}`;
  box.setAttribute("aria-label", name);
  box.placeholder = parts.thread ? "Reply …" : `${name}, or type / for commands`;
}

function write(parts, text) {
  parts.box.value = text;
  parts.box.setSelectionRange(text.length, text.length);
  fit(parts.box);
}

function fit(box) {
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, 220)}px`);
}

async function sendLine(parts) {
  const { app, box, key } = parts;
  const text = box.value;
  if (!text.trim() || box.readOnly) return;
  hide(parts);
  box.readOnly = true;
  const answer = await app.act({ do: "type", in: app.view.in, text, thread: parts.thread ? app.place.thread : null });
  box.readOnly = false;
  if (!answer.ok) return;
  parts.sent.push(text);
  parts.back = 0;
  if (parts.key === key) write(parts, "");
  else parts.drafts.delete(key);
  parts.hint.textContent = "";
}

function onKey(parts, event) {
  const open = !parts.list.hidden;
  const { key } = event;
  if (open && (key === "ArrowDown" || key === "ArrowUp")) activate(parts, parts.active + (key === "ArrowDown" ? 1 : -1));
  else if (open && key === "Escape") hide(parts);
  else if (open && (key === "Tab" || key === "Enter") && !event.shiftKey && !isWritten(parts)) take(parts, parts.found.options[parts.active]);
  else if (key === "Enter" && !event.shiftKey) parts.form.requestSubmit();
  else if (!recalls(parts, key)) return;
  event.preventDefault();
}

/** Whether the chosen option stands there already: then Enter sends. */
function isWritten({ box, found, active }) {
  const typed = box.value.slice(found.from, box.selectionEnd);
  return found.options[active].text === typed;
}

function recalls(parts, key) {
  const { box, sent } = parts;
  const empty = box.value === "" || parts.back > 0;
  if (!empty || (key !== "ArrowUp" && !(key === "ArrowDown" && parts.back))) return false;
  parts.back = Math.min(Math.max(parts.back + (key === "ArrowUp" ? 1 : -1), 0), sent.length);
  write(parts, parts.back ? sent.at(-parts.back) : "");
  return true;
}

function suggest(parts) {
  const { app, box, list, hint } = parts;
  const before = box.value.slice(0, box.selectionEnd);
  const known = { commands: app.commands, people: app.view.people, conversations: app.view.conversations };
  parts.found = completion(before, known);
  hint.textContent = parts.found.hint ? `${parts.found.hint.usage} – ${parts.found.hint.does}` : "";
  const { options } = parts.found;
  if (!options.length || (options.length === 1 && options[0].text === before.slice(parts.found.from))) return hide(parts);
  list.replaceChildren(...options.map((option, at) => el("li", { role: "option", id: `${box.id}-option-${at}` },
    el("span", { class: "option-name" }, option.label), el("span", { class: "option-detail" }, option.detail))));
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
  return activate(parts, 0);
}

function activate(parts, to) {
  const { box, list } = parts;
  const items = [...list.children];
  parts.active = (to + items.length) % items.length;
  for (const [at, item] of items.entries()) item.setAttribute("aria-selected", at === parts.active);
  items[parts.active].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", items[parts.active].id);
}

function hide({ box, list }) {
  list.hidden = true;
  list.replaceChildren();
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function take(parts, option) {
  const { box } = parts;
  const rest = box.value.slice(box.selectionEnd);
  const start = `${box.value.slice(0, parts.found.from)}${option.text} `;
  box.value = start + rest.trimStart();
  box.setSelectionRange(start.length, start.length);
  fit(box);
  box.focus();
  suggest(parts);
}
