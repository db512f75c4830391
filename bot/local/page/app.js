// The page: what the program shows of a place is fetched whenever something changed, and each part draws its share.

import { startClock } from "./clock.js";
import { startComposer } from "./composer.js";
import { byId } from "./dom.js";
import { makesRoom, startDrawers } from "./drawers.js";
import { markLinks, startHost } from "./host.js";
import { placeIcons } from "./icons.js";
import { startModals } from "./modals.js";
import { readPlace, writePlace } from "./place.js";
import { startRoom } from "./room.js";
import { follow, getCommands, getView, send } from "./server.js";
import { startSidebar } from "./sidebar.js";
import { startTheme } from "./theme.js";
import { startThread } from "./thread.js";
import { startToasts } from "./toasts.js";

/** What the parts share: the newest view, where one is, and the ways to change either. */
function createApp() {
  const app = { view: null, place: readPlace(), commands: [] };
  const life = { app, parts: [], looks: 0, person: null, unfollow: () => {}, running: null, again: false };
  Object.assign(app, {
    look: () => life.looks,
    refresh: () => refresh(life),
    go: (change, replace) => go(life, change, replace),
    open: (id) => { app.drawer("side", false); openRoom(life, id); },
    openHome: () => { app.drawer("side", false); openRoom(life, appRoom(app.view)?.id, "home"); },
    become: (person) => become(life, person),
    act: (order, complain = problem) => act(life, order, complain),
    quietly: (order) => send({ ...order, as: app.view.me }),
    announce: (text) => { byId("said").textContent = text; },
  });
  return life;
}

const appRoom = (view) => view.conversations.find((room) => room.kind === "app");

function problem(text) {
  const line = byId("problem");
  line.textContent = text;
  line.hidden = !text;
}

/** Fetch and show; asked again meanwhile, once more afterwards. */
function refresh(life) {
  if (life.running) {
    life.again = true;
    return life.running;
  }
  life.running = load(life).finally(() => { life.running = null; });
  return life.running;
}

async function load(life) {
  do {
    life.again = false;
    const asked = { ...life.app.place };
    try {
      const view = await getView(asked);
      if (isSame(asked, life.app.place)) show(life, view);
    } catch (error) {
      if (!(error instanceof TypeError || /^view: /.test(error.message))) throw error;
      online(false);
    }
  } while (life.again);
}

const isSame = (one, other) => Object.keys(one).every((key) => key === "tab" || one[key] === other[key]);

function show(life, view) {
  const { app } = life;
  online(true);
  app.view = view;
  if (isSettled(app, view) && (app.place.as !== view.me || app.place.in !== view.in)) {
    app.place = { ...app.place, as: view.me, in: view.in };
    writePlace(app.place, true);
  }
  if (life.person !== view.me) followPerson(life, view.me);
  for (const part of life.parts) part(view);
  markLinks(view);
  titlePage(view);
}

/** Who one is to begin with is open until somebody has a message, or the clock stands without one. */
const isSettled = ({ place }, view) => Boolean(place.as || !view.clock?.busy || view.people.some((person) => person.newest));

function titlePage(view) {
  const unread = view.people.find((person) => person.id === view.me)?.unread;
  const room = view.conversations.find((one) => one.id === view.in);
  document.title = `${unread ? `(${unread}) ` : ""}${room?.name ?? ""} · ${view.title}`;
}

function followPerson(life, person) {
  life.unfollow();
  life.person = person;
  life.unfollow = follow(person, life.app.refresh, online);
}

function online(is) {
  const line = byId("offline");
  line.hidden = is;
  line.textContent = is ? "" : "The program on this machine does not answer. Trying again … Started anew, it prints a new address.";
}

function go(life, change, replace = false) {
  const { app } = life;
  app.place = { ...app.place, as: app.place.as || (app.view?.me ?? ""), ...change };
  writePlace(app.place, replace);
  if (change.thread && makesRoom()) app.drawer("host", false);
  return refresh(life);
}

async function openRoom(life, id, tab = "") {
  const { app } = life;
  problem("");
  if (tab === "home") await app.quietly({ do: "open", in: "home" });
  await go(life, { in: id, thread: "", tab });
  if (!tab && matchMedia("(pointer: fine)").matches) byId("composer").focus({ preventScroll: true });
}

/** Be somebody else: in the same channel, or in their own conversation with the app. */
async function become(life, person) {
  const { app } = life;
  app.drawer("side", false);
  problem("");
  await go(life, { as: person, thread: "" });
  if (app.place.tab === "home") app.quietly({ do: "open", in: "home" });
}

/** Put `text` into the message box, in a channel where there is none here. */
async function typeIn(life, composer, text) {
  const { app } = life;
  const channel = app.view.conversations.find((room) => room.kind === "channel");
  if (byId("composer-form").hidden && channel) await openRoom(life, channel.id);
  composer.put(text);
}

/** Do it as the current person, show what came of it, and give the answer. */
async function act(life, order, complain) {
  complain("");
  const answer = await send({ ...order, as: life.app.view.me });
  if (!answer.ok) complain(answer.error);
  await refresh(life);
  return answer;
}

function listen(life, host) {
  const { app } = life;
  const moved = () => { app.place = readPlace(); refresh(life); };
  window.addEventListener("popstate", moved);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && app.refresh());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && !event.ctrlKey && !event.metaKey && host.openLink(link.href)) event.preventDefault();
  });
}

async function start() {
  placeIcons();
  const life = createApp();
  const { app } = life;
  app.drawer = startDrawers(app);
  const composer = startComposer(app, byId("composer-form"), { label: "Message", thread: false });
  app.type = (text) => typeIn(life, composer, text);
  const clock = startClock(app);
  app.now = clock.now;
  const host = startHost(app);
  life.parts = [clock.show, startSidebar(app), startRoom(app), composer.show, startThread(app), host.show, startModals(app), startToasts(app)];
  startTheme(byId("theme"), () => { life.looks += 1; if (app.view) show(life, app.view); });
  listen(life, host);
  app.commands = await getCommands();
  await app.refresh();
  if (app.view && app.place.tab === "home") app.quietly({ do: "open", in: "home" });
  if (!app.view) setInterval(() => app.view || app.refresh(), 2000);
}

start();
