// Interactive elements: buttons, and fields for text, days and times. Choices have files of their own.

import { act } from "./acts.js";
import { checks, multiSelect, select } from "./choices.js";
import { el } from "./dom.js";
import { pictureAddress, textOf, webAddress } from "./mrkdwn.js";
import { overflow } from "./overflow.js";
import { control, initial } from "./controls.js";

const KINDS = {
  button,
  workflow_button: button,
  overflow,
  checkboxes: checks,
  radio_buttons: checks,
  image,
  plain_text_input: field,
  email_text_input: field,
  url_text_input: field,
  number_input: field,
  datepicker: picker,
  timepicker: picker,
};
const MENU = /^(multi_)?(static|users|conversations|channels)_select$/;

/**
 * An element of a block. `place`: `{block, options, acts, optional, label}`; `acts` says whether a change of it is
 * told at once, `label` is the id of the words that name it, where there are some. An unknown kind is a line that says so.
 */
export function drawElement(element, place) {
  const menu = MENU.exec(element.type);
  if (menu) return (menu[1] ? multiSelect : select)(element, place);
  const kind = Object.hasOwn(KINDS, element.type) ? KINDS[element.type] : null;
  return kind ? kind(element, place) : el("span", { class: "b-unknown" }, `${element.type} is not shown here`);
}

function button(element, place) {
  const address = webAddress(element.url);
  const looks = {
    class: `b-button ${element.style ? `b-${element.style}` : ""}`.trim(),
    "aria-label": element.accessibility_label,
    "data-key": `${place.block} ${element.action_id}`,
  };
  const root = address
    ? el("a", { ...looks, href: address, target: "_blank", rel: "noopener noreferrer" }, textOf(element.text, place.options))
    : el("button", { ...looks, type: "button" }, textOf(element.text, place.options));
  root.addEventListener("click", (event) => press(event, element, place, root, address));
  return root;
}

/** A button with an address leads there and is told of as well; asked first, it leads there after a yes. */
async function press(event, element, place, root, address) {
  const waits = address && element.confirm;
  if (waits) event.preventDefault();
  const told = await act(place, element, root, null);
  if (waits && told) window.open(address, "_blank", "noopener,noreferrer");
}

function image(element) {
  return el("img", {
    class: "b-thumbnail",
    src: pictureAddress(element),
    alt: element.alt_text,
    referrerpolicy: "no-referrer",
  });
}

const TYPES = { plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "number" };

function field(element, place) {
  const value = initial(place, element, element.initial_value);
  const shared = {
    class: "b-field",
    placeholder: element.placeholder?.text,
    autofocus: element.focus_on_load,
    maxlength: element.max_length,
    "data-least": element.min_length,
    "aria-required": place.optional ? null : "true",
    "data-key": `${place.block} ${element.action_id}`,
  };
  const root = element.multiline
    ? el("textarea", { ...shared, rows: "4" })
    : el("input", { ...shared, ...bounds(element), type: TYPES[element.type] });
  root.value = value ?? "";
  if (place.acts) tellTyping(root, element, place);
  return control(root, place, element, () => root.value || null);
}

function bounds(element) {
  if (element.type !== "number_input") return {};
  return { min: element.min_value, max: element.max_value, step: element.is_decimal_allowed ? "any" : "1" };
}

/** Text is told of on Enter, or as it is typed where the element asks for that. */
function tellTyping(root, element, place) {
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const tell = () => act(place, element, root, root.value || null);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || element.multiline || !on.includes("on_enter_pressed")) return;
    event.preventDefault();
    tell();
  });
  if (on.includes("on_character_entered")) root.addEventListener("input", tell);
}

/** A day (`YYYY-MM-DD`) or a time (`HH:MM`). */
function picker(element, place) {
  const isDay = element.type === "datepicker";
  const root = el("input", {
    class: "b-field b-picker",
    type: isDay ? "date" : "time",
    autofocus: element.focus_on_load,
    "data-key": `${place.block} ${element.action_id}`,
    "aria-label": place.label ? null : (element.placeholder?.text ?? (isDay ? "A day" : "A time")),
    title: element.placeholder?.text,
    "aria-required": place.optional || place.acts ? null : "true",
  });
  root.value = initial(place, element, isDay ? element.initial_date : element.initial_time) ?? "";
  if (place.acts) tellSettled(root, element, place);
  return control(root, place, element, () => root.value || null);
}

/** A day typed digit by digit is told of when one leaves it or presses Enter; one picked, at once. */
function tellSettled(root, element, place) {
  let typing = false;
  let told = root.value;
  const tell = async () => {
    typing = false;
    if (root.value === told || !root.value) return;
    const before = told;
    told = root.value;
    if (!(await act(place, element, root, root.value))) root.value = told = before;
  };
  root.addEventListener("keydown", (event) => {
    typing = event.key !== "Enter" && event.key !== "Tab";
    if (event.key === "Enter") tell();
  });
  root.addEventListener("pointerdown", () => {
    typing = false;
  });
  root.addEventListener("change", () => {
    if (!typing) tell();
  });
  root.addEventListener("blur", tell);
}
