// A surface of the program (a message, a home, a modal) drawn with what the page knows, and what is pressed in it sent.

import { drawBlocks, stateOf } from "./blocks.js";

/** What blocks need to know of the view: names, people, conversations, who one is, and one's zone. */
export function surroundings(view) {
  const me = view.people.find((person) => person.id === view.me);
  return {
    names: view.names, me: view.me, in: view.in, people: view.people, conversations: view.conversations,
    zone: me?.zone ?? view.clock?.zone ?? "", now: view.clock?.now,
  };
}

/** What stands in the inputs of a drawn surface now; nothing where none is drawn. */
export const typedIn = (surface) => (surface ? stateOf(surface) : {});

/** `where`: `{view}`, or `{in, ts}` of a message; `more`: `errors` and `values` as `drawBlocks` takes them. */
export function drawSurface(app, blocks, surface, where, more = {}) {
  const onAct = (act) => app.act({ do: "act", ...where, ...act });
  return drawBlocks(blocks, { ...surroundings(app.view), surface, ...more, onAct });
}
