// One pull request in full, with what can be done to it now.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { surroundings } from "./surface.js";
import { momentOf } from "./times.js";

const NAMES = { open: "Open", draft: "Draft", merged: "Merged", closed: "Closed" };

export const stateBadge = ({ state, queued }) => el("span", { class: `state state-${state}` }, queued ? "In the merge queue" : NAMES[state]);

/** Acts that need nothing more than to be pressed, by whose they are. */
const PRESSES = [
  ["Review", [["approve", "Approve"], ["object", "Ask for changes"], ["comment_review", "Comment without a verdict"]]],
  ["Work", [["push", "Push a commit"], ["ready", "Ready for review"], ["draft", "Back to draft"], ["comment", "Comment"]]],
  ["Checks", [["fail", "Let checks fail"], ["pass", "Let checks pass"]]],
  ["Finish", [["merge", "Merge"], ["close", "Close"], ["reopen", "Reopen"]]],
];

export function drawPull(pane, view, item, repo) {
  const login = view.people.find((one) => one.id === view.me)?.login;
  const act = actor(pane, item);
  return el("article", { class: "pull-full" },
    el("button", { type: "button", class: "link back", "data-key": "back", onclick: () => pane.choose(null) }, icon("back"), "All pull requests"),
    el("h3", { tabindex: "-1" }, item.title, el("span", { class: "number" }, ` ${item.repo}#${item.number}`)),
    el("p", { class: "pull-facts" }, stateBadge(item), el("span", {}, `by ${item.author}`), item.red && el("span", { class: "red" }, "✗ checks fail"),
      item.approvals > 0 && el("span", {}, `✓ ${approved(item)} approved`)),
    drawLists(item, act),
    el("p", { class: "problem", role: "alert", hidden: true }),
    login ? drawActs(item, repo, login, act) : el("p", { class: "waiting" }, "This person has no account on the code host. Be somebody else to act here."),
    drawLog(item, surroundings(view).zone));
}

/** "1", or "1 of 2" where as many are needed and not there. */
export const approved = ({ approvals, needs }) => (approvals < needs ? `${approvals} of ${needs}` : String(approvals));

/** `act(name, more)` does it as the current person; a refusal is told in the pull request. */
function actor(pane, item) {
  return (name, more = {}) => pane.app.act({ do: "host", act: name, repo: item.repo, number: item.number, ...more }, (text) => {
    const line = document.querySelector(".pull-full .problem");
    if (!line) return;
    line.textContent = text;
    line.hidden = !text;
    if (text) line.scrollIntoView({ block: "nearest" });
  });
}

function drawLists(item, act) {
  const can = new Set(item.can);
  const chips = (values, name, more) => values.map((value) => el("li", { class: "label-chip" }, value, can.has(name) && el("button", {
    type: "button", class: "chip-close", "aria-label": `Take away ${value}`, onclick: () => act(name, more(value)),
  }, "×")));
  const rows = [
    ["Asked to review", [...chips(item.asked, "unrequest", (who) => ({ who })), ...chips(item.teams, "unrequest", (team) => ({ team }))]],
    ["Approved by", chips(item.approved_by ?? [], "dismiss", (who) => ({ who }))],
    ["Changes asked by", chips(item.objections, "dismiss", (who) => ({ who }))],
    ["Assigned", chips(item.assignees ?? [], "unassign", (who) => ({ who }))],
    ["Labels", chips(item.labels, "unlabel", (label) => ({ label }))],
  ].filter(([, values]) => values.length);
  return el("dl", { class: "lists" }, ...rows.map(([name, values]) => el("div", {}, el("dt", {}, name), el("dd", {}, el("ul", {}, ...values)))));
}

function drawActs(item, repo, login, act) {
  const can = new Set(item.can);
  const groups = PRESSES.map(([name, acts]) => [name, acts.filter(([key]) => can.has(key)), whyNot(item, acts)])
    .filter(([, acts, why]) => acts.length || why);
  return el("div", { class: "acts" }, ...groups.map(([name, acts, why]) => el("fieldset", {}, el("legend", {}, name),
    el("div", { class: "act-buttons" }, ...acts.map(([key, text]) => el("button", {
      type: "button", class: key === "merge" || key === "approve" ? "button primary" : "button", "data-key": key, onclick: () => act(key),
    }, text))), why && el("p", { class: "waiting" }, why))), ...choices(item, repo, can, act), el("p", { class: "waiting" }, `You act as ${login}; checks are the CI’s. Then let the clock above go on, and see who hears of it.`));
}

/** Why the first of these acts that has a reason can't be done. */
const whyNot = (item, acts) => acts.map(([key]) => item.why_not?.[key]).find(Boolean);

function choices(item, repo, can, act) {
  const free = repo.people.filter((one) => one !== item.author && !item.asked.includes(one));
  const teams = repo.team && !item.teams.includes(repo.team) ? [repo.team] : [];
  const labels = repo.labels.filter((label) => !item.labels.includes(label));
  const people = repo.people.filter((one) => !(item.assignees ?? []).includes(one));
  return [
    can.has("request") && choice("Ask for a review", [...free, ...teams], (value) => act("request", teams.includes(value) ? { team: value } : { who: value })),
    can.has("label") && choice("Add a label", labels, (label) => act("label", { label })),
    can.has("assign") && choice("Assign", people, (who) => act("assign", { who })),
  ].filter(Boolean);
}

/** A menu that acts when something is chosen in it and the button beside is pressed. */
function choice(name, values, chosen) {
  if (!values.length) return null;
  const select = el("select", { "aria-label": name, name }, ...values.map((value) => el("option", { value }, value)));
  return el("form", { class: "choice", onsubmit: (event) => { event.preventDefault(); chosen(select.value); } },
    el("span", { class: "choice-name" }, name), select, el("button", { type: "submit", class: "button", "aria-label": `OK: ${name}` }, "OK"));
}

function drawLog(item, zone) {
  return el("section", { class: "log" }, el("h4", {}, "What happened"), el("ol", {}, ...[...item.log].reverse().map((line) => el("li", {},
    el("time", { datetime: new Date(line.at * 1000).toISOString() }, momentOf(line.at, zone)), el("span", {}, line.text)))));
}
