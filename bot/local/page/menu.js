// A button with a menu of choices: arrows, Home, End, first letters, Escape.

import { el } from "./dom.js";

/** Make `button` open `list`; `fill()` gives the items (buttons) anew each time. */
export function startMenu(button, list, fill) {
  const items = () => [...list.querySelectorAll("button")];
  button.setAttribute("aria-haspopup", "menu");
  list.setAttribute("role", "menu");
  const close = (back) => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };
  const open = () => {
    list.replaceChildren(...fill().map((item) => el("li", { role: "none" }, item)));
    for (const item of items()) item.tabIndex = -1;
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    (items().find((item) => item.getAttribute("aria-checked") === "true") ?? items()[0])?.focus();
  };
  close(false);
  button.addEventListener("click", () => (list.hidden ? open() : close(true)));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); open(); }
  });
  list.addEventListener("click", (event) => event.target.closest("button") && close(true));
  list.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      close(event.key === "Escape");
    } else move(event, items());
  });
  document.addEventListener("pointerdown", (event) => {
    if (!list.hidden && !list.contains(event.target) && !button.contains(event.target)) close(false);
  });
}

function move(event, items) {
  const at = items.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  let to = event.key in steps ? items[(steps[event.key] + items.length) % items.length] : null;
  if (!to && event.key.length === 1 && event.key !== " ") {
    const letter = event.key.toLowerCase();
    const turned = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    to = turned.find((item) => (item.dataset.name ?? item.textContent).toLowerCase().startsWith(letter));
  }
  if (!to) return;
  event.preventDefault();
  to.focus();
}
