// Side panes: beside the conversation where there is room, over it where there is not.

import { byId } from "./dom.js";

const NARROW = "(max-width: 800px)";
const TIGHT = "(max-width: 1279px)";

/** `drawer(name, on)` opens or shuts "side" or "host"; a thread is opened by the address. */
export function startDrawers(app) {
  const scrim = byId("scrim");
  const side = byId("side");
  const menu = byId("menu");
  const sideOpen = (on) => {
    side.classList.toggle("is-open", on);
    scrim.hidden = !on;
    menu.setAttribute("aria-expanded", on);
    byId("room").inert = on;
    if (on) side.querySelector("button")?.focus();
  };
  menu.addEventListener("click", () => sideOpen(!side.classList.contains("is-open")));
  scrim.addEventListener("click", () => sideOpen(false));
  side.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !side.classList.contains("is-open")) return;
    sideOpen(false);
    menu.focus();
  });
  matchMedia(NARROW).addEventListener("change", () => sideOpen(false));
  byId("host").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && matchMedia(NARROW).matches) byId("host-close").click();
  });

  return function drawer(name, on) {
    if (name === "side") return sideOpen(on);
    byId("host").hidden = !on;
    byId("host-toggle").setAttribute("aria-expanded", on);
    if (on && app.place.thread && matchMedia(TIGHT).matches) app.go({ thread: "" });
    return undefined;
  };
}

/** A thread takes the place of the code host where both have no room. */
export const makesRoom = () => matchMedia(TIGHT).matches;
