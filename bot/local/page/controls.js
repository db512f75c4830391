// What a drawn surface (a message, a home, a modal) holds: its controls, their values, and what is wrong with them.

import { el } from "./dom.js";

const controls = new WeakMap();
let count = 0;

/** An id no other element of the page has. */
export const freshId = () => `b-${(count += 1)}`;

/** Make `root` an input of its surface: `read()` gives its value as Slack's state has it, null where there is none. */
export function control(root, place, element, read) {
  root.dataset.block = place.block;
  root.dataset.action = element.action_id ?? "";
  controls.set(root, read);
  return root;
}

/**
 * The value to begin with: what was typed before the surface was drawn anew, else what the block says.
 * Outside modals a block without an id of its own may be another one now: there the block has its say.
 */
export function initial(place, element, value) {
  const kept = place.keeps ? place.options.values?.[place.block]?.[element.action_id] : undefined;
  return kept === undefined ? (value ?? null) : kept;
}

const inputsOf = (surface) => [...surface.querySelectorAll("[data-action]")].filter((root) => controls.has(root));

/** All values of a drawn surface, `{block: {action: value}}`. */
export function stateOf(surface) {
  const state = {};
  for (const root of inputsOf(surface)) (state[root.dataset.block] ??= {})[root.dataset.action] = controls.get(root)();
  return state;
}

const EMPTY = "Please complete this required field.";

/** What Slack would not send off, `{block: "one clear line"}`: required inputs that are empty, values that do not fit. */
export function errorsIn(surface) {
  const found = inputsOf(surface)
    .filter((root) => root.closest(".b-input"))
    .map((root) => [root.dataset.block, wrongWith(root)]);
  return Object.fromEntries(found.filter(([, words]) => words));
}

function wrongWith(root) {
  const value = controls.get(root)();
  const field = root.matches("input, textarea") ? root : null;
  if (field && !field.validity.valid) return field.validationMessage;
  if (value === null || value.length === 0) return root.closest(".b-input").dataset.optional === "true" ? null : EMPTY;
  const least = Number(field?.dataset.least ?? 0);
  return field && value.length < least ? `At least ${least} characters, please.` : null;
}

/** Show `errors` (`{block: text}`) at their inputs, and no others. */
export function showErrors(surface, errors) {
  for (const input of surface.querySelectorAll(".b-input")) showError(input, errors[input.dataset.block]);
}

function showError(input, words) {
  input.querySelector(".b-error")?.remove();
  const ids = [input.querySelector(".b-hint")?.id];
  if (words) {
    const told = el("p", { class: "b-error", id: freshId(), role: "alert" }, words);
    input.append(told);
    ids.push(told.id);
  }
  describe(input, ids.filter(Boolean).join(" "), Boolean(words));
}

function describe(input, ids, isWrong) {
  for (const field of input.querySelectorAll("input, select, textarea, summary, fieldset")) {
    if (ids) field.setAttribute("aria-describedby", ids);
    else field.removeAttribute("aria-describedby");
    if (isWrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}
