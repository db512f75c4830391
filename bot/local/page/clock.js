// The world's clock: what time it is there, and how it goes on.

import { byId, el, keyed, write } from "./dom.js";
import { icon } from "./icons.js";
import { cityOf, momentOf } from "./times.js";

const JUMPS = [
  ["hour", "+1 hour", "One hour on"],
  ["morning", "Next morning", "On to the next working morning"],
  ["message", "Next message", "On until the next message is sent"],
];

/** `{show(view), now()}`; `now` goes on between two answers of the program while its clock does. */
export function startClock(app) {
  const time = el("strong", { class: "clock-time" });
  const zone = el("span", { class: "clock-zone" });
  const busy = el("span", { class: "clock-busy", role: "status" });
  const buttons = el("div", { class: "clock-buttons" });
  byId("clock").append(el("div", { class: "clock-face" }, time, " ", zone), buttons, busy);
  let clock = null;
  let since = 0;
  let before = null;
  let outcome = "";

  const runs = () => clock?.playing && !clock.busy && !clock.ended;
  const now = () => (clock ? clock.now : 0) + (runs() ? Math.floor((performance.now() - since) / 1000) : 0);
  const tick = () => {
    const shown = runs() ? momentOf(now(), clock.zone) : clock.shown;
    if (runs() && shown !== time.textContent && time.textContent) app.refresh();
    write(time, shown);
  };
  setInterval(() => runs() && tick(), 1000);

  const status = (view) => {
    if (before && !clock.busy) {
      outcome = newsSince(before, view);
      before = null;
    }
    write(busy, clock.busy ?? (clock.ended ? "The story ends here." : outcome));
    busy.classList.toggle("is-busy", Boolean(clock.busy));
  };
  const jump = async (to) => {
    const was = app.view;
    outcome = "";
    if (!(await app.act({ do: "clock", to })).ok) return;
    before = was;
    status(app.view);
  };
  app.jump = jump;

  return {
    now: () => (clock ? now() : Math.floor(Date.now() / 1000)),
    show(view) {
      byId("clock").hidden = !view.clock;
      const changed = JSON.stringify(clock) !== JSON.stringify(view.clock);
      if (changed) since = performance.now();
      clock = view.clock;
      if (!clock) return;
      write(time, runs() ? momentOf(now(), clock.zone) : clock.shown);
      write(zone, cityOf(clock.zone));
      status(view);
      keyed(buttons, [playEntry(app, clock), ...JUMPS.map((one) => jumpEntry(clock, one, jump))]);
    },
  };
}

function playEntry(app, { playing, busy }) {
  const stops = Boolean(playing || busy);
  const [shape, name, title] = stops ? ["pause", "Pause", "Stop the clock"] : ["play", "Real time", "Let the clock go on in real time"];
  return {
    key: "play", mark: name,
    draw: () => el("button", {
      type: "button", class: "quiet", title, "data-key": "play",
      onclick: () => app.act({ do: "clock", to: stops ? "pause" : "play" }),
    }, icon(shape), el("span", { class: "label" }, name)),
  };
}

function jumpEntry({ busy }, [to, name, title], jump) {
  const off = Boolean(busy);
  return {
    key: to, mark: String(off),
    draw: () => el("button", {
      type: "button", class: "quiet", title, "aria-disabled": off && "true", "data-key": to,
      onclick: () => !off && jump(to),
    }, name),
  };
}

const NAMED = 3;

/** Who got a message, and in which channels something was said, between two views: "New for bob and in #shop". */
function newsSince(was, view) {
  const old = new Map(was.people.map((person) => [person.id, person.newest]));
  const people = view.people.filter((person) => person.newest !== old.get(person.id)).sort((a, b) => (b.newest > a.newest ? 1 : -1));
  const names = people.map((person) => (person.id === view.me ? "you" : person.name));
  const unread = new Map(was.conversations.map((room) => [room.id, room.unread]));
  const rooms = view.conversations.filter((room) => room.kind === "channel" && room.unread > (unread.get(room.id) ?? 0));
  const shown = names.length > NAMED ? [...names.slice(0, NAMED - 1), `${names.length - NAMED + 1} others`] : names;
  const told = [...shown, ...rooms.map((room) => `in #${room.name}`)];
  if (!told.length) return "Nobody got a message.";
  return `New for ${told.join(", ").replace(/, ([^,]*)$/, " and $1")}`.replace("for in ", "in ");
}
