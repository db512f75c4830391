// Modals: a stack of native dialogs, the newest on top; errors stand at their fields.

import { errorsIn, showErrors } from "./blocks.js";
import { byId, el, swap } from "./dom.js";
import { icon } from "./icons.js";
import { drawSurface, typedIn } from "./surface.js";

export function startModals(app) {
  const open = new Map();
  return function showModals(view) {
    const wanted = new Set(view.modals.map((modal) => modal.id));
    for (const id of [...open.keys()].reverse()) if (!wanted.has(id)) shut(open, id);
    for (const modal of view.modals) show(app, open, modal);
  };
}

function shut(open, id) {
  const { dialog } = open.get(id);
  open.delete(id);
  dialog.close();
  dialog.remove();
  // What had the focus before may have been drawn anew meanwhile.
  if (!open.size && document.activeElement === document.body) byId("composer")?.focus();
}

function show(app, open, modal) {
  const mark = JSON.stringify([modal, app.view.names, app.look()]);
  const was = open.get(modal.id);
  if (!was) {
    const held = { mark, modal, errors: modal.errors, dialog: el("dialog", { class: "modal", "aria-labelledby": `title-${modal.id}` }) };
    open.set(modal.id, held);
    draw(app, held);
    listen(app, held);
    document.body.append(held.dialog);
    held.dialog.showModal();
    focusFirst(held.dialog);
  } else if (was.mark !== mark) {
    Object.assign(was, { mark, modal, errors: modal.errors });
    draw(app, was);
  }
}

function focusFirst(dialog) {
  const field = dialog.querySelector(".modal-body :is(input, select, textarea):not([type=hidden])");
  (field ?? dialog.querySelector(".modal-foot button:last-child") ?? dialog.querySelector("button")).focus();
}

function listen(app, held) {
  held.dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close(app, held);
  });
  // Pressed twice, a browser shuts a dialog without asking: then the program is told all the same.
  held.dialog.addEventListener("close", () => held.dialog.isConnected && close(app, held));
  held.dialog.addEventListener("submit", (event) => {
    if (!event.target.matches(".modal-form")) return;
    event.preventDefault();
    submit(app, held);
  });
}

function draw(app, held) {
  const { modal, dialog } = held;
  const old = dialog.querySelector(".modal-form");
  const body = el("div", { class: "modal-body content" },
    drawSurface(app, modal.blocks, "modal", { view: modal.id }, { errors: held.errors, values: typedIn(old) }));
  const fresh = el("form", { class: "modal-form", novalidate: true, "data-view": modal.id },
    el("header", { class: "modal-head" }, el("h2", { id: `title-${modal.id}` }, modal.title?.text ?? ""),
      el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => close(app, held) }, icon("close"))),
    body, foot(app, held));
  if (old) swap(old, fresh);
  else dialog.append(fresh);
}

function foot(app, held) {
  const { submit: yes, close: no } = held.modal;
  return el("footer", { class: "modal-foot" }, el("p", { class: "problem", role: "alert", hidden: true }),
    (no || !yes) && el("button", { type: "button", class: "button", onclick: () => close(app, held) }, no?.text ?? "Close"),
    yes && el("button", { type: "submit", class: "button primary" }, yes.text));
}

const close = (app, { modal }) => app.act({ do: "close", view: modal.id });

async function submit(app, held) {
  const { dialog, modal } = held;
  if (dialog.getAttribute("aria-busy")) return;
  const body = dialog.querySelector(".modal-body");
  tell(held, errorsIn(body));
  if (Object.keys(held.errors).length) return;
  busy(dialog, true);
  const answer = await app.act({ do: "submit", view: modal.id, state: typedIn(body) }, (text) => complain(dialog, text));
  busy(dialog, false);
  if (answer.ok) tell(held, answer.errors ?? {});
}

function tell(held, errors) {
  held.errors = errors;
  showErrors(held.dialog.querySelector(".modal-body"), errors);
  held.dialog.querySelector(".modal-body [aria-invalid=true]")?.focus();
}

function busy(dialog, is) {
  if (is) dialog.setAttribute("aria-busy", "true");
  else dialog.removeAttribute("aria-busy");
  for (const button of dialog.querySelectorAll(".modal-foot button")) button.disabled = is;
}

function complain(dialog, text) {
  const line = dialog.querySelector(".modal-foot .problem");
  if (!line) return;
  line.textContent = text;
  line.hidden = !text;
}
