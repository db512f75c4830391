// The left side: who one is, who just got a message, channels, direct messages.

import { avatar } from "./avatar.js";
import { byId, el, keyed, unseen, write } from "./dom.js";
import { startMenu } from "./menu.js";

const MOST = 4;

export function startSidebar(app) {
  const button = el("button", { type: "button", class: "me", id: "me" });
  const list = el("ul", { class: "people", "aria-label": "Be somebody else", hidden: true });
  const news = el("ul", { class: "news", "aria-label": "Others with unread messages" });
  byId("who").append(button, list, news);
  startMenu(button, list, () => app.view.people.map((person) => personItem(app, person)));

  return function showSidebar(view) {
    write(byId("team"), view.title);
    const me = view.people.find((person) => person.id === view.me);
    keyed(button, [{ key: "me", mark: JSON.stringify(me), draw: () => drawMe(me) }]);
    keyed(news, newsEntries(app, view));
    keyed(byId("channels"), view.conversations.filter((room) => room.kind === "channel").map((room) => roomEntry(app, room)));
    keyed(byId("direct"), view.conversations.filter((room) => room.kind !== "channel").map((room) => roomEntry(app, room)));
  };
}

function drawMe(me) {
  return el("span", { class: "me-inner" }, avatar(me.id, me.name, false),
    el("span", { class: "me-text" }, el("span", {}, "You are ", el("strong", {}, me.name), el("span", { "aria-hidden": "true" }, " ▾")),
      el("small", {}, [me.at, me.status].filter(Boolean).join(" · "))));
}

function personItem(app, person) {
  return el("button", {
    type: "button", role: "menuitemradio", "aria-checked": person.id === app.view.me, "data-name": person.name,
    onclick: () => app.become(person.id),
  }, avatar(person.id, person.name, false),
  el("span", { class: "person" }, el("span", {}, person.name), el("small", {}, [person.at, person.status].filter(Boolean).join(" · "))),
  count(person.unread));
}

function newsEntries(app, view) {
  const others = view.people.filter((person) => person.id !== view.me && person.unread).sort((a, b) => (b.newest > a.newest ? 1 : -1));
  const entries = others.slice(0, MOST).map((person) => ({
    key: person.id, mark: `${person.name} ${person.unread}`, draw: () => el("li", {}, el("button", {
      type: "button", class: "chip", title: `Be ${person.name}`, onclick: () => app.become(person.id),
    }, person.name, " ", count(person.unread))),
  }));
  const more = others.length - MOST;
  if (more > 0) entries.push({ key: "more", mark: more, draw: () => el("li", {}, el("button", {
    type: "button", class: "chip more", title: "Everybody", onclick: () => byId("me").click(),
  }, `+${more}`, unseen(" others with unread messages"))) });
  return entries;
}

const count = (unread) => unread > 0 && el("span", { class: "count" }, String(unread), unseen(" unread"));

function roomEntry(app, room) {
  const here = room.id === app.view.in;
  return {
    key: room.id, mark: JSON.stringify([room, here]),
    draw: () => el("li", {}, el("button", {
      type: "button", "data-key": room.id, class: room.unread ? "unread" : "", "aria-current": here && "page",
      onclick: () => app.open(room.id),
    }, sign(room), el("span", { class: "room-name" }, room.name),
    room.kind === "app" && el("span", { class: "badge" }, "App"), count(room.unread))),
  };
}

const sign = (room) => (room.kind === "channel" ? el("span", { class: "hash", "aria-hidden": "true" }, "#")
  : avatar(room.id, room.name, room.kind === "app"));
