// The conversation in the middle: its name, its messages or the app's home, and the line in the empty one.

import { byId, el, keyed, write } from "./dom.js";
import { drawMessages, takesMessages } from "./messages.js";
import { drawSurface, typedIn } from "./surface.js";
import { startScrolling } from "./scrolling.js";

/** As many messages as the program tells of. */
const MOST = 100;

export const roomName = (room) => (room?.kind === "channel" ? `# ${room.name}` : room?.name ?? "");

export function startRoom(app) {
  const box = byId("messages");
  const list = el("ol", { class: "list" });
  const intro = el("div", { class: "intro" });
  box.append(intro, list);
  const scrolling = startScrolling(box, list, byId("pill"));
  const tabs = startTabs(app);
  let known = { place: "", ids: new Set() };

  return function showRoom(view) {
    const room = view.conversations.find((one) => one.id === view.in);
    const home = room?.kind === "app" && app.place.tab === "home";
    write(byId("room-name"), roomName(room));
    tabs(room?.kind === "app", home);
    byId("home").hidden = !home;
    box.hidden = home;
    showBox(view, home);
    if (home) return showHome(app, view);
    keyed(intro, [introEntry(app, room)]);
    drawMessages(app, list, view.messages, false);
    known = told(app, view, known, scrolling);
    return seen(app, room);
  };
}

function showBox(view, home) {
  const closed = !takesMessages(view);
  byId("composer-form").hidden = home || closed;
  byId("closed").hidden = home || !closed;
  write(byId("closed"), `${view.app.name} reads no messages here. Its commands are typed in a channel.`);
}

function told(app, view, known, scrolling) {
  const place = `${view.me} ${view.in}`;
  const ids = new Set(view.messages.map((message) => message.ts));
  if (known.place !== place) {
    scrolling.end();
    return { place, ids };
  }
  const fresh = view.messages.filter((message) => !known.ids.has(message.ts));
  if (fresh.some((message) => message.user === view.me || message.private)) scrolling.end();
  else scrolling.grew(fresh.length);
  const others = fresh.filter((message) => message.user !== view.me);
  if (others.length) app.announce(others.map((message) => `${message.name}: ${message.text}`).join("\n"));
  return { place, ids };
}

function seen(app, room) {
  if (room?.unread && document.visibilityState === "visible") app.quietly({ do: "seen", in: room.id });
}

function showHome(app, view) {
  const mark = JSON.stringify([view.home, view.names, app.look()]);
  keyed(byId("home"), [{ key: "home", mark, draw: (old) => drawHome(app, view.home, old) }]);
}

function drawHome(app, home, old) {
  const page = el("div", { class: "home-page content" });
  if (home) page.append(drawSurface(app, home.blocks, "home", { view: home.id }, { values: typedIn(old) }));
  else page.append(el("p", { class: "waiting", role: "status" }, "Your Home is being drawn …"));
  return page;
}

function startTabs(app) {
  const tabs = [byId("tab-home"), byId("tab-messages")];
  const open = (tab) => (tab.id === "tab-home" ? app.openHome() : app.open(app.view.in, false));
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = tabs[1 - at];
      other.focus();
      open(other);
    });
  }
  return (isApp, home) => {
    byId("tabs").hidden = !isApp;
    for (const tab of tabs) {
      const chosen = (tab.id === "tab-home") === home;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
  };
}

function introEntry(app, room) {
  if (app.view.messages.length >= MOST) return { key: "cut", mark: "", draw: () => el("p", { class: "waiting" }, `Of what was said here, the last ${MOST} messages are shown.`) };
  const mark = JSON.stringify([room?.id, room?.name, Boolean(app.view.clock), Boolean(app.view.host)]);
  return { key: "intro", mark, draw: () => drawIntro(app, room) };
}

function drawIntro(app, room) {
  const what = room?.kind === "channel" ? ["The beginning of ", el("strong", {}, `#${room.name}`)] : [
    "Your conversation with ", el("strong", {}, room?.name ?? "")];
  const { name } = app.view.app;
  return el("div", {}, el("p", { class: "beginning" }, ...what),
    el("p", {}, `This is a small Slack workspace on your own machine, with the real ${name} behind it. Nothing you do here leaves it. Things to try:`),
    el("ul", {}, ...things(app, name).map((thing) => el("li", {}, ...thing))));
}

function things(app, name) {
  const link = (text, onclick) => el("button", { type: "button", class: "link", onclick }, text);
  const command = app.commands[0]?.name ?? "/help";
  const isApp = app.view.conversations.find((room) => room.kind === "app");
  return [
    app.view.clock && ["Press ", link("Next message", () => app.jump("message")), " and see who hears from ", name, "; be that person, and answer with its buttons."],
    app.view.host && ["Open a pull request in the ", link("code host", () => app.showHost()), ", ask somebody to review it, and let the clock go on."],
    ["Type ", link(`${command} help`, () => app.type(`${command} help`)), " in the message box of a channel."],
    isApp && ["Open ", link(`${name}’s Home`, () => app.openHome()), "."],
    !app.view.clock && ["Choose somebody else at the top left, and see it with their eyes."],
  ].filter(Boolean);
}
