// Where one is: the person, the conversation, the thread and the tab, kept in the address.

const KEYS = ["as", "in", "thread", "tab"];

export function readPlace() {
  const said = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(KEYS.map((key) => [key, said.get(key) ?? ""]));
}

/** `replace`: without a step of its own in the browser's history. */
export function writePlace(place, replace) {
  const said = new URLSearchParams(KEYS.filter((key) => place[key]).map((key) => [key, place[key]]));
  history[replace ? "replaceState" : "pushState"](null, "", `#${said}`);
}
