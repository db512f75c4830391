// A list of messages: by day and author, each drawn again only when it changed.

import { avatar } from "./avatar.js";
import { el, keyed, unseen } from "./dom.js";
import { icon } from "./icons.js";
import { inline } from "./mrkdwn.js";
import { drawSurface, surroundings, typedIn } from "./surface.js";
import { dayName, dayOf, momentOf, timeOf } from "./times.js";

const TOGETHER = 300;

/** Whether one can write where one is: an app that reads no messages has no box for them, as in Slack. */
export function takesMessages(view) {
  const room = view.conversations.find((one) => one.id === view.in);
  return room?.kind !== "app" || view.app.reads !== false;
}

/** Draw `messages` into `list`; `inThread`: without what opens threads. */
export function drawMessages(app, list, messages, inThread) {
  const { zone } = surroundings(app.view);
  const entries = [];
  let before = null;
  for (const message of messages) {
    const newDay = !before || dayOf(before.at, zone) !== dayOf(message.at, zone);
    if (newDay && !inThread) entries.push(dayEntry(app, message, zone));
    entries.push(messageEntry(app, message, { inThread, zone, follows: !newDay && goesWith(before, message) }));
    before = message;
  }
  keyed(list, entries);
}

function goesWith(before, message) {
  return before.user === message.user && message.at - before.at < TOGETHER
    && !before.private && !message.private && !before.replies;
}

function dayEntry(app, message, zone) {
  const name = dayName(message.at, app.now(), zone);
  const key = `day ${dayOf(message.at, zone)}`;
  return { key, mark: name, draw: () => el("li", { class: "day" }, el("h3", {}, name)) };
}

function messageEntry(app, message, shown) {
  const mark = JSON.stringify([message, shown, app.view.names, app.look()]);
  return { key: message.ts, mark, draw: (old) => drawMessage(app, message, shown, old) };
}

function drawMessage(app, message, shown, old) {
  const { inThread, follows, zone } = shown;
  const kinds = [follows && "follows", message.private && "private", message.edited && "edited"].filter(Boolean);
  const item = el("li", { class: ["message", ...kinds].join(" "), "data-ts": message.ts, tabindex: "-1" },
    message.private && privacy(),
    gutter(message, follows, zone),
    el("div", { class: "said" }, byline(message, follows, zone), content(app, message, zone, old),
      under(app, message, inThread)));
  if (!inThread && !message.private && takesMessages(app.view)) item.append(tools(app, message));
  return item;
}

function gutter(message, follows, zone) {
  const face = follows ? timeMark(message, zone) : avatar(message.user, message.name, message.is_app);
  return el("div", { class: "gutter" }, face);
}

const timeMark = (message, zone) => el("time", {
  datetime: new Date(message.at * 1000).toISOString(), title: momentOf(message.at, zone),
}, timeOf(message.at, zone));

function byline(message, follows, zone) {
  const name = el(follows ? "span" : "strong", { class: follows ? "unseen" : "author" }, message.name);
  if (follows) return el("div", { class: "unseen" }, name);
  return el("div", { class: "byline" }, name, message.is_app && el("span", { class: "badge" }, "App"), timeMark(message, zone));
}

function content(app, message, zone, old) {
  const body = el("div", { class: "content" });
  if (message.blocks?.length) {
    const where = { in: app.view.in, ts: message.ts };
    body.append(drawSurface(app, message.blocks, "message", where, { values: typedIn(old?.querySelector(".content")) }));
  } else {
    body.append(el("div", { class: "plain" }, inline(message.text, { ...surroundings(app.view), zone })));
  }
  if (message.edited) body.append(el("span", { class: "was-edited" }, "(edited)"));
  return body;
}

const privacy = () => el("div", { class: "privacy" }, icon("eye"), "Only visible to you");

function under(app, message, inThread) {
  if (message.private) return el("div", { class: "under" }, el("button", {
    type: "button", class: "link", onclick: () => app.act({ do: "dismiss", in: app.view.in, ts: message.ts }),
  }, "Dismiss message"));
  if (inThread || !message.replies) return null;
  const count = message.replies === 1 ? "1 reply" : `${message.replies} replies`;
  return el("div", { class: "under" }, el("button", {
    type: "button", class: "link replies", onclick: () => app.go({ thread: message.ts }),
  }, icon("reply"), count, unseen(` to the message of ${message.name}`)));
}

function tools(app, message) {
  return el("div", { class: "tools" }, el("button", {
    type: "button", class: "quiet", title: "Reply in thread", "aria-label": "Reply in thread",
    onclick: () => app.go({ thread: message.thread_ts ?? message.ts }),
  }, icon("reply")));
}
