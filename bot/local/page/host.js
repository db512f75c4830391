// The code host at the right: repositories and their pull requests, one of them in full, or a form for a new one.

import { byId, el, keyed } from "./dom.js";
import { keep, kept } from "./kept.js";
import { drawForm } from "./openform.js";
import { approved, drawPull, stateBadge } from "./pull.js";
import { surroundings } from "./surface.js";
import { momentOf } from "./times.js";

const FILTERS = [["mine", "Mine"], ["all", "All open"], ["done", "Done"]];
const WIDE = "(min-width: 1200px)";

export const keyOf = (item) => `${item.repo}#${item.number}`;
const isOpen = (item) => item.state === "open" || item.state === "draft";

/** `{show(view), openLink(url) → whether it is known here}` */
export function startHost(app) {
  const pane = { app, filter: "all", chosen: null, form: false, focus: false };
  pane.redraw = () => app.view?.host && showBody(pane, app.view);
  pane.choose = (key) => { Object.assign(pane, { chosen: key, form: false, focus: true }); pane.redraw(); };
  pane.toggle = (on) => {
    app.drawer("host", on);
    keep("host", on ? "open" : "shut");
  };
  byId("host-toggle").addEventListener("click", () => pane.toggle(byId("host").hidden));
  byId("host-close").addEventListener("click", () => { pane.toggle(false); byId("host-toggle").focus(); });
  pane.app.showHost = () => { pane.toggle(true); pane.form = true; pane.focus = true; pane.redraw(); };
  let first = true;
  return {
    show(view) {
      byId("host-toggle").hidden = !view.host;
      if (!view.host) { app.drawer("host", false); return; }
      if (first && matchMedia(WIDE).matches && kept("host") !== "shut") app.drawer("host", true);
      first = false;
      showBody(pane, view);
    },
    openLink: (url) => openLink(pane, url),
  };
}

function openLink(pane, url) {
  const item = pane.app.view.host?.items.find((one) => one.url === url);
  if (!item) return false;
  pane.toggle(true);
  pane.choose(keyOf(item));
  return true;
}

/** Lead every link of the page to a pull request that stands here, and say so. */
export function markLinks(view) {
  const known = new Set(view.host?.items.map((item) => item.url));
  for (const link of document.querySelectorAll(".content a[href]")) {
    if (known.has(link.href) && !link.title) link.title = "Opens in the code host beside";
  }
}

function showBody(pane, view) {
  const item = view.host.items.find((one) => keyOf(one) === pane.chosen);
  const entry = pane.form ? formEntry(pane, view) : item ? pullEntry(pane, view, item) : listEntry(pane, view);
  keyed(byId("host-body"), [entry]);
  if (!pane.focus) return;
  pane.focus = false;
  const body = byId("host-body");
  (body.querySelector("#new-title") ?? body.querySelector("h3") ?? byId("host-name")).focus();
}

function formEntry(pane, view) {
  return { key: "form", mark: JSON.stringify([view.me, view.host.repos]), draw: () => drawForm(pane, view) };
}

function pullEntry(pane, view, item) {
  const repo = view.host.repos.find((one) => one.name === item.repo);
  return { key: keyOf(item), mark: JSON.stringify([item, repo, view.me]), draw: () => drawPull(pane, view, item, repo) };
}

function listEntry(pane, view) {
  const mark = JSON.stringify([view.host, view.me, pane.filter]);
  return { key: "list", mark, draw: () => drawList(pane, view) };
}

function drawList(pane, view) {
  const login = surroundings(view).people.find((one) => one.id === view.me)?.login;
  const items = view.host.items.filter((item) => fits(pane.filter, item, login, view.host.repos));
  const repos = view.host.repos.filter((repo) => items.some((item) => item.repo === repo.name));
  return el("div", {}, el("div", { class: "host-bar" }, filterBar(pane), login && el("button", {
    type: "button", class: "button primary", "data-key": "new",
    onclick: () => { Object.assign(pane, { form: true, focus: true }); pane.redraw(); },
  }, "New")),
  !items.length && el("p", { class: "waiting" }, emptyLine(pane.filter, login)),
  ...repos.map((repo) => drawRepo(pane, view, repo, items.filter((item) => item.repo === repo.name))));
}

function emptyLine(filter, login) {
  if (filter === "mine") return login ? "Nothing here is yours just now." : "This person has no account on the code host.";
  return filter === "all" ? "No pull request is open." : "Nothing was merged or closed yet.";
}

function fits(filter, item, login, repos) {
  if (filter === "done") return !isOpen(item);
  if (!isOpen(item) || filter === "all") return isOpen(item);
  const teams = repos.filter((repo) => repo.people.includes(login)).map((repo) => repo.team);
  return item.author === login || item.asked.includes(login) || item.objections.includes(login)
    || item.teams.some((team) => teams.includes(team));
}

function filterBar(pane) {
  return el("div", { class: "filter", role: "group", "aria-label": "Which pull requests" }, ...FILTERS.map(([key, name]) => el("button", {
    type: "button", "data-key": key, "aria-pressed": String(pane.filter === key),
    onclick: () => { pane.filter = key; pane.redraw(); },
  }, name)));
}

function drawRepo(pane, view, repo, items) {
  const sorted = [...items].sort((a, b) => b.updated - a.updated);
  return el("section", { class: "repo" }, el("h3", {}, repo.name),
    el("ul", { class: "pulls" }, ...sorted.map((item) => el("li", {}, pullRow(pane, view, item)))));
}

function pullRow(pane, view, item) {
  return el("button", { type: "button", class: "pull", "data-key": keyOf(item), onclick: () => pane.choose(keyOf(item)) },
    el("span", { class: "pull-title" }, item.title, el("span", { class: "number" }, ` #${item.number}`)),
    el("span", { class: "pull-facts" }, stateBadge(item), item.red && el("span", { class: "red" }, "✗ checks fail"), ...facts(item).map((fact) => el("span", {}, fact)),
      ...item.labels.map((label) => el("span", { class: "label-chip" }, label))),
    el("span", { class: "pull-facts" }, `by ${item.author} · ${momentOf(item.updated, surroundings(view).zone)}`));
}

function facts(item) {
  const asked = [...item.asked, ...item.teams];
  return [
    item.approvals && `✓ ${approved(item)} approved`,
    item.objections.length && `changes asked by ${item.objections.join(", ")}`,
    isOpen(item) && asked.length && `asked: ${asked.join(", ")}`,
  ].filter(Boolean);
}
