// The small form that opens a pull request.

import { el } from "./dom.js";
import { icon } from "./icons.js";

export function drawForm(pane, view) {
  const { repos } = view.host;
  const login = view.people.find((one) => one.id === view.me)?.login;
  const repo = el("select", { name: "repo", id: "new-repo" }, ...repos.map(({ name }) => el("option", { value: name }, name)));
  const mine = repos.find((one) => one.people.includes(login));
  if (mine) repo.value = mine.name;
  const picks = el("div", { class: "picks" });
  const fill = () => picks.replaceChildren(...drawPicks(repos.find((one) => one.name === repo.value), login));
  repo.addEventListener("change", fill);
  fill();
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const back = () => pane.choose(null);
  return el("form", { class: "open-form", onsubmit: (event) => { event.preventDefault(); open(pane, event.target, problem); } },
    el("button", { type: "button", class: "link back", onclick: back }, icon("back"), "All pull requests"),
    el("h3", { tabindex: "-1" }, "Open a pull request"), el("p", { class: "waiting" }, `as ${login}`),
    field("Repository", repo), field("Title", el("input", { type: "text", name: "title", id: "new-title", required: true, maxlength: 200, autocomplete: "off", placeholder: "Round totals to the cent" })),
    picks, el("label", { class: "tick" }, el("input", { type: "checkbox", name: "draft" }), "As a draft"), problem,
    el("div", { class: "act-buttons" }, el("button", { type: "submit", class: "button primary" }, "Open it"),
      el("button", { type: "button", class: "button", onclick: back }, "Cancel")));
}

const field = (name, control) => el("div", { class: "field" }, el("label", { for: control.id }, name), control);

function drawPicks(repo, login) {
  const people = repo.people.filter((one) => one !== login);
  return [ticks("Reviewers", "reviewers", people), ticks("Labels", "labels", repo.labels)].filter(Boolean);
}

function ticks(name, key, values) {
  if (!values.length) return null;
  return el("fieldset", {}, el("legend", {}, name), el("div", { class: "ticks" }, ...values.map((value) => el("label", { class: "tick" },
    el("input", { type: "checkbox", name: key, value }), value))));
}

async function open(pane, form, problem) {
  const said = new FormData(form);
  const order = {
    do: "host", act: "open", repo: said.get("repo"), title: said.get("title").trim(), draft: said.has("draft"),
    labels: said.getAll("labels"), reviewers: said.getAll("reviewers"),
  };
  const known = new Set(pane.app.view.host.items.map((item) => `${item.repo}#${item.number}`));
  const answer = await pane.app.act(order, (text) => { problem.textContent = text; problem.hidden = !text; });
  if (!answer.ok) return;
  const fresh = pane.app.view.host.items.find((item) => !known.has(`${item.repo}#${item.number}`) && item.title === order.title);
  pane.choose(fresh ? `${fresh.repo}#${fresh.number}` : null);
}
