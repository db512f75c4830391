// The overflow menu: a button with a menu that works as menus do (arrow keys, Home, End, Escape).

import { act } from "./acts.js";
import { el } from "./dom.js";
import { textOf, webAddress } from "./mrkdwn.js";
import { freshId } from "./controls.js";

const ROW = 34;

export function overflow(element, place) {
  const id = freshId();
  const button = el(
    "button",
    {
      class: "b-button b-overflow",
      type: "button",
      popovertarget: id,
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-key": `${place.block} ${element.action_id}`,
    },
    "⋯",
  );
  const choose = (option) => {
    menu.hidePopover();
    act(place, element, button, option.value);
  };
  const menu = el(
    "div",
    { class: "b-menu", id, role: "menu", popover: "auto", "aria-label": "More actions" },
    element.options.map((option) => itemOf(option, place, () => choose(option))),
  );
  menu.addEventListener("beforetoggle", (event) => opening(event, button, menu, element.options.length));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") menu.firstElementChild.focus();
  });
  menu.addEventListener("keydown", (event) => walk(event, menu));
  return el("span", {}, button, menu);
}

function itemOf(option, place, onclick) {
  const address = webAddress(option.url);
  const shared = { role: "menuitem", tabindex: "-1", onclick };
  const more = option.description ? el("span", { class: "b-more" }, textOf(option.description, place.options)) : null;
  return address
    ? el(
        "a",
        { ...shared, href: address, target: "_blank", rel: "noopener noreferrer" },
        textOf(option.text, place.options),
        more,
      )
    : el("button", { ...shared, type: "button" }, textOf(option.text, place.options), more);
}

/** Under its button, or above it where there is no room; it goes as soon as the page is scrolled. */
function opening(event, button, menu, rows) {
  const opens = event.newState === "open";
  button.setAttribute("aria-expanded", String(opens));
  if (!opens) return;
  const at = button.getBoundingClientRect();
  const below = at.bottom + rows * ROW + 24 < innerHeight;
  Object.assign(menu.style, {
    top: below ? `${at.bottom + 4}px` : "auto",
    bottom: below ? "auto" : `${innerHeight - at.top + 4}px`,
    left: at.right > 240 ? "auto" : `${at.left}px`,
    right: at.right > 240 ? `${innerWidth - at.right}px` : "auto",
  });
  addEventListener("scroll", () => menu.isConnected && menu.hidePopover(), { capture: true, once: true });
}

function walk(event, menu) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[to % items.length].focus();
}
