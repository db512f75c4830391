// Choices: menus of one or several, radio buttons and checkboxes. All are the browser's own controls.

import { act } from "./acts.js";
import { el } from "./dom.js";
import { decoded, textOf } from "./mrkdwn.js";
import { control, freshId, initial } from "./controls.js";

const FIRST = {
  static: "initial_option",
  users: "initial_user",
  conversations: "initial_conversation",
  channels: "initial_channel",
};

/** A menu's choices: `[{label, options: [{value, text}]}]`, the label null where they are in no group. */
function groupsOf(element, { options }) {
  const source = sourceOf(element);
  if (source === "users")
    return [{ label: null, options: (options.people ?? []).map((one) => ({ value: one.id, text: one.name })) }];
  if (source !== "static") return [{ label: null, options: rooms(source, options.conversations ?? []) }];
  const said = (list) =>
    list.map((one) => ({ value: one.value, text: decoded(one.text.text), more: one.description?.text }));
  return element.option_groups
    ? element.option_groups.map((group) => ({ label: decoded(group.label.text), options: said(group.options) }))
    : [{ label: null, options: said(element.options ?? []) }];
}

const sourceOf = (element) => element.type.replace(/^multi_/, "").replace(/_select$/, "");

function rooms(source, conversations) {
  const fit = conversations.filter((one) => source === "conversations" || (one.kind ?? "channel") === "channel");
  return fit.map((one) => ({ value: one.id, text: (one.kind ?? "channel") === "channel" ? `#${one.name}` : one.name }));
}

/** Somebody or a channel chosen who is not among the choices is shown all the same, by name where that is known. */
function withChosen(groups, chosen, source, { names = {} }) {
  if (source === "static") return groups;
  const known = groups.flatMap((group) => group.options.map((one) => one.value));
  const strangers = chosen
    .filter((value) => !known.includes(value))
    .map((value) => ({ value, text: names[value] ?? value }));
  return strangers.length ? [{ label: null, options: strangers }, ...groups] : groups;
}

/** A menu of one. */
export function select(element, place) {
  const source = sourceOf(element);
  const first = element[FIRST[source]] ?? (element.default_to_current_conversation ? place.options.in : null);
  const value = initial(place, element, source === "static" ? first?.value : first);
  const hint = element.placeholder?.text ?? "Choose";
  const root = el(
    "select",
    {
      class: "b-select",
      autofocus: element.focus_on_load,
      "aria-label": place.label ? null : hint,
      "data-key": `${place.block} ${element.action_id}`,
      "aria-required": place.optional || place.acts ? null : "true",
    },
    el("option", { value: "", disabled: !place.optional, hidden: !place.optional }, hint),
    withChosen(groupsOf(element, place), value ? [value] : [], source, place.options).flatMap(drawGroup),
  );
  root.value = value ?? "";
  if (root.selectedIndex < 0) root.value = "";
  if (place.acts) tellChoice(root, element, place);
  return el(
    "span",
    { class: "b-menu-of-one" },
    control(root, place, element, () => root.value || null),
  );
}

function drawGroup({ label, options }) {
  const drawn = options.map((one) => el("option", { value: one.value, title: one.more }, one.text));
  return label === null ? drawn : [el("optgroup", { label }, drawn)];
}

/** A closed menu opens on the arrow keys: otherwise each arrow would choose, and every choice is told at once. */
function tellChoice(root, element, place) {
  let told = root.value;
  root.addEventListener("keydown", (event) => {
    const chooses =
      event.key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(event.key) || /^\S$/.test(event.key);
    if (!chooses || event.ctrlKey || event.metaKey || event.altKey || !root.showPicker) return;
    event.preventDefault();
    root.showPicker();
  });
  root.addEventListener("change", async () => {
    const before = told;
    told = root.value;
    if (!(await act(place, element, root, root.value || null))) root.value = told = before;
  });
}

/** A menu of several: a summary that opens a list of checkboxes; told of when it closes. */
export function multiSelect(element, place) {
  const source = sourceOf(element);
  const first = source === "static" ? element.initial_options?.map((one) => one.value) : element[`${FIRST[source]}s`];
  const chosen = initial(place, element, first) ?? [];
  const said = el("span", { class: "b-chosen", id: freshId() });
  const groups = withChosen(groupsOf(element, place), chosen, source, place.options);
  const boxes = groups.map((group) =>
    el(
      "div",
      { role: "group", "aria-label": group.label },
      group.label ? el("div", { class: "b-group" }, group.label) : null,
      group.options.map((one) => boxOf("checkbox", one.value, chosen.includes(one.value), freshId(), [one.text])),
    ),
  );
  const root = el(
    "details",
    { class: "b-multi" },
    el(
      "summary",
      {
        class: "b-select",
        "aria-labelledby": place.label ? `${place.label} ${said.id}` : null,
        "data-key": `${place.block} ${element.action_id}`,
      },
      said,
    ),
    el("div", { class: "b-options" }, boxes),
  );
  const read = () => checkedIn(root);
  keepSaid(root, said, element, read);
  closeWhenLeft(root);
  if (place.acts) tellClosed(root, element, place, read);
  return control(root, place, element, read);
}

const checkedIn = (root) => [...root.querySelectorAll("input:checked")].map((box) => box.value);

/** The summary says what is chosen; at `max_selected_items` no more can be. */
function keepSaid(root, said, element, read) {
  const most = element.max_selected_items ?? Infinity;
  const keep = () => {
    const all = [...root.querySelectorAll("input")];
    said.textContent =
      all
        .filter((box) => box.checked)
        .map((box) => box.parentElement.textContent)
        .join(", ") ||
      element.placeholder?.text ||
      "Choose";
    said.classList.toggle("b-none", read().length === 0);
    for (const box of all) box.disabled = !box.checked && read().length >= most;
  };
  root.addEventListener("change", keep);
  keep();
}

function closeWhenLeft(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.open) return;
    event.preventDefault();
    event.stopPropagation();
    root.open = false;
    root.querySelector("summary").focus();
  });
  root.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) root.open = false;
  });
  root.addEventListener("toggle", () => {
    const away = (event) => {
      if (!root.contains(event.target)) root.open = false;
    };
    if (root.open) document.addEventListener("pointerdown", away);
    root.addEventListener("toggle", () => document.removeEventListener("pointerdown", away), { once: true });
  });
}

function tellClosed(root, element, place, read) {
  let told = read().join("\n");
  root.addEventListener("toggle", () => {
    if (root.open || read().join("\n") === told) return;
    told = read().join("\n");
    act(place, element, root, read());
  });
}

/** Radio buttons and checkboxes. */
export function checks(element, place) {
  const one = element.type === "radio_buttons";
  const first = one ? element.initial_option?.value : element.initial_options?.map((option) => option.value);
  const chosen = [initial(place, element, first) ?? []].flat();
  const name = freshId();
  const root = el(
    "div",
    {
      class: "b-checks",
      role: one ? "radiogroup" : "group",
      "aria-labelledby": place.label,
      "aria-label": place.label ? null : "Choices",
    },
    element.options.map((option) =>
      boxOf(one ? "radio" : "checkbox", option.value, chosen.includes(option.value), name, wordsOf(option, place.options)),
    ),
  );
  const read = () => (one ? (checkedIn(root)[0] ?? null) : checkedIn(root));
  if (place.acts) tellChecks(root, element, place, read);
  return control(root, place, element, read);
}

function boxOf(type, value, checked, name, words) {
  return el("label", { class: "b-check" }, el("input", { type, value, checked, name }), el("span", {}, words));
}

function wordsOf(option, options) {
  const more = option.description ? el("span", { class: "b-more" }, textOf(option.description, options)) : null;
  return [...textOf(option.text, options), more];
}

function tellChecks(root, element, place, read) {
  let told = [read() ?? []].flat();
  root.addEventListener("change", async () => {
    const before = told;
    told = [read() ?? []].flat();
    if (await act(place, element, root, read())) return;
    told = before;
    for (const box of root.querySelectorAll("input")) box.checked = before.includes(box.value);
  });
}
