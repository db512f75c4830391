// Presses and choices: asked about first where the element wants that, then told to whoever drew the surface.

import { el } from "./dom.js";
import { textOf } from "./mrkdwn.js";
import { freshId, stateOf } from "./controls.js";

/**
 * Tell `onAct` of a press or choice; `root` is marked busy until it is done. Says whether it was told:
 * not where the question asked first was answered with no, or where `root` is still busy with the press before.
 */
export async function act(place, element, root, value) {
  if (root.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await confirmed(element.confirm, place.options))) return false;
  root.setAttribute("aria-busy", "true");
  try {
    const state = stateOf(root.closest(".blocks"));
    await place.options.onAct?.({ block: place.block, action: element.action_id ?? "", value, state });
  } finally {
    root.removeAttribute("aria-busy");
  }
  return true;
}

/** Ask a confirmation object's question; true for yes. */
function confirmed(asked, options) {
  const [title, text] = [freshId(), freshId()];
  const yes = asked.style === "danger" ? "b-danger b-filled" : "b-primary";
  const dialog = el(
    "dialog",
    { class: "b-confirm", "aria-labelledby": title, "aria-describedby": text },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: title }, textOf(asked.title, options)),
      el("div", { id: text }, textOf(asked.text, options)),
      el(
        "div",
        { class: "b-answers" },
        el("button", { class: "b-button", value: "" }, textOf(asked.deny, options)),
        el("button", { class: `b-button ${yes}`, value: "yes", autofocus: true }, textOf(asked.confirm, options)),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}
