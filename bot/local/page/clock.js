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

  const runs = () => clock?.playing && !clock.busy && !clock.ended;
  const now = () => (clock ? clock.now : 0) + (runs() ? Math.floor((performance.now() - since) / 1000) : 0);
  const tick = () => {
    const shown = runs() ? momentOf(now(), clock.zone) : clock.shown;
    if (runs() && shown !== time.textContent && time.textContent) app.refresh();
    write(time, shown);
  };
  setInterval(() => runs() && tick(), 1000);

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
      write(busy, clock.busy ?? (clock.ended ? "The story ends here." : ""));
      busy.classList.toggle("is-busy", Boolean(clock.busy));
      keyed(buttons, [playEntry(app, clock), ...JUMPS.map((jump) => jumpEntry(app, clock, jump))]);
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

function jumpEntry(app, { busy }, [to, name, title]) {
  const off = Boolean(busy);
  return {
    key: to, mark: String(off),
    draw: () => el("button", {
      type: "button", class: "quiet", title, "aria-disabled": off && "true", "data-key": to,
      onclick: () => !off && app.act({ do: "clock", to }),
    }, name),
  };
}
