// Light, dark, or as the system has it.

import { icon } from "./icons.js";
import { keep, kept } from "./kept.js";

const THEMES = { "": ["half", "as the system"], light: ["sun", "light"], dark: ["moon", "dark"] };
const ORDER = Object.keys(THEMES);

/** `changed()` is called when what is drawn in the page's colours must be drawn again. */
export function startTheme(button, changed) {
  let theme = ORDER.includes(kept("theme")) ? kept("theme") : "";
  const show = () => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    const [shape, name] = THEMES[theme];
    button.replaceChildren(icon(shape));
    button.setAttribute("aria-label", `Theme: ${name}. Press to change.`);
    button.title = `Theme: ${name}`;
  };
  button.addEventListener("click", () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    keep("theme", theme);
    show();
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  show();
}
