// A square with a letter, the same colour for the same person everywhere; the app has its mark.

import { el } from "./dom.js";

const TONES = 8;

function tone(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return sum % TONES;
}

export function avatar(id, name, isApp) {
  if (isApp) return el("img", { class: "avatar", src: "page/favicon.svg", alt: "", width: 36, height: 36 });
  return el("span", { class: `avatar tone-${tone(id)}`, "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}
