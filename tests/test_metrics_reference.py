"""`weir metrics` against a literal reading of its definitions, for histories nobody would write by hand."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference_metrics import reckon

from bot.__main__ import run
from bot.figures.folding import figures_from
from bot.figures.record import as_record
from bot.figures.scope import of_repos
from bot.flow.events import FlowEvent, flow_event, parse_instant, show_instant, to_record
from bot.policy import Policy, parse_policy
from bot.sample import generate, policy_for

HOUR, DAY = 3600, 86_400
START = parse_instant("2026-03-02T00:00:00Z")
SPAN = 9 * DAY
END = START + SPAN
REPOS = ("acme/shop", "acme/docs")
ACTORS = ("alice", "bob", "carol", "acme-ci", None)
REVIEWERS = ("bob", "carol", "dave")
LABELS = ("bug", "kind/bug", "type: Feature", "security", "wip", "none of it")
TITLES = ("fix(cart): totals", "feat!: vouchers", "Tidy up", "chore: tidy", "[bug] it rounds")
TYPES = ("feature", "defect", "risk", "debt", None)
STEPS = (0, 1, 60, HOUR, 5 * HOUR, 9 * HOUR, DAY)
ACTS = (
    *("review_requested", "review_requested", "review_submitted", "review_submitted", "review_submitted"),
    *("pushed", "commented", "checks_failed", "checks_passed", "ready_for_review", "converted_to_draft"),
    *("closed", "reopened", "reopened", "marks", "handed_over", "queued", "dequeued"),
)
POLICIES = tuple(
    parse_policy(text, "a test's policy")
    for text in (
        "",
        '[flow]\nexpectation = "6h"\n[repos."acme/docs"]\nexpectation = "2d"\n[targets]\nreview = "4h"\nfix = "1h"',
        '[repos."acme/shop"]\nexpectation = "3h"\ncalendar = { timezone = "America/New_York" }\n'
        '[calendar]\ntimezone = "Europe/Berlin"\ncountry = "DE"\n[rules]\napprovals_required = 2\n'
        'hold_while_red = false\n[people.bob]\naway = [{ from = "2026-03-03", until = "2026-03-04" }]',
        '[flow]\nexpectation = "1d"\n[rules]\nstop_at_quota = false\n[[types]]\ntype = "risk"\nbranch = "fix/"\n'
        'repo = "acme/*"\n[[types]]\ntype = "debt"\nlabel = ["bug", "*of it"]\n[targets]\nmerge = "2h"\nrework = "8h"',
    )
)


class Telling:
    """Tells what might happen to one issue or pull request, by chance."""

    def __init__(self, chance: Random, repo: str, item: int, at: int) -> None:
        self.chance, self.repo, self.item, self.at = chance, repo, item, at
        self.told: list[FlowEvent] = []

    def tell(self, kind: str, actor: str | None, **own: Any) -> None:
        name, actor_type = f"{self.item}-{len(self.told)}", "Bot" if actor == "acme-ci" else "User"
        about: dict[str, Any] = {"repo": self.repo, "item": self.item, "id": name, "at": self.at}
        self.told.append(flow_event(**about, kind=kind, actor=actor, actor_type=actor_type, **own))
        self.at += self.chance.choice(STEPS)
        if self.chance.random() < 0.1:
            self.at += -self.at % DAY

    def marks(self) -> None:
        pick = self.chance.choice
        kind = pick(("labeled", "labeled", "unlabeled", "renamed", "issue_type_changed", "typed"))
        own: dict[str, Any] = {
            "labeled": {"label": pick(LABELS)},
            "unlabeled": {"label": pick(LABELS)},
            "renamed": {"to": pick(TITLES)},
            "issue_type_changed": {"to": pick(("Bug", "Feature", None))},
            "typed": {"type": pick(TYPES)},
        }[kind]
        self.tell(kind, pick(ACTORS), **own)

    def issue(self) -> list[FlowEvent]:
        pick = self.chance.choice
        self.tell("opened", pick(ACTORS), type="issue", labels=[pick(LABELS)] * pick((0, 1)), title=pick(TITLES))
        for _ in range(pick(range(4))):
            self.marks()
        if self.chance.random() < 0.3:
            self.tell("closed", pick(ACTORS))
        return self.told

    def change(self, issues: list[int]) -> list[FlowEvent]:
        pick = self.chance.choice
        self.tell(
            "opened", pick(ACTORS), type="pull_request", draft=pick((True, False)), title=pick(TITLES),
            labels=[pick(LABELS)] * pick((0, 0, 1)), branch=pick(("fix/it", "feature-x", "main")),
        )  # fmt: skip
        for _ in range(pick((0, 0, 1, 2))):
            self.tell(
                pick(("linked", "linked", "unlinked")), "alice", issue=pick(issues), **pick(({}, {"in": REPOS[0]}))
            )
        for _ in range(pick(range(12))):
            self.step()
        if self.chance.random() < 0.7:
            self.tell(pick(("merged", "merged", "closed")), "alice")
        for _ in range(pick((0, 0, 0, 2))):
            self.step()
        return self.told

    def step(self) -> None:
        pick = self.chance.choice
        kind = pick(ACTS)
        if kind == "marks":
            return self.marks()
        own: dict[str, Any] = {
            "review_requested": {"reviewer": pick(REVIEWERS)} if pick((1, 1, 0)) else {"team": "core"},
            "review_submitted": {"state": pick(("approved", "changes_requested", "commented"))},
            "handed_over": {"stage": pick(("Coding", "Review", "Rework")), "to": "bob"},
        }.get(kind, {})
        return self.tell(kind, pick((*REVIEWERS, *ACTORS)), **own)


def history(seed: int) -> list[FlowEvent]:
    """What happened to up to seven items; numbers of issues are 1 to 3."""
    chance = Random(seed)
    told: list[FlowEvent] = []
    for issue in range(1, chance.randrange(4) + 1):
        told += Telling(chance, REPOS[0], issue, START + chance.randrange(SPAN)).issue()
    for number in range(4, 4 + chance.randrange(1, 5)):
        repo = chance.choice((*REPOS, REPOS[0]))
        told += Telling(chance, repo, number, START + chance.randrange(0, SPAN, chance.choice((1, 1800)))).change(
            [1, 2, 3]
        )
    return told


def printed(told: list[FlowEvent], policy: Policy, since: int, until: int, now: int) -> dict[str, Any]:
    record: dict[str, Any] = as_record(None, figures_from(told, policy, of_repos(None), since, until, now))
    return record


cuts = st.tuples(st.integers(0, 12), st.integers(1, 12), st.sampled_from([0, 0, 1, 5 * HOUR]))


@given(st.integers(0, 2**32), st.sampled_from(POLICIES), cuts)
@example(1, POLICIES[0], (0, 9, 0))
def test_every_figure_is_what_its_definition_says(seed: int, policy: Policy, cut: tuple[int, int, int]) -> None:
    told = history(seed)
    since = START + cut[0] * DAY + cut[2]
    until, now = since + cut[1] * DAY, max(event.at for event in told) + 40 * DAY
    assert printed(told, policy, since, until, now) == reckon(told, policy, since, until)


@given(st.integers(0, 2**32), st.randoms())
def test_neither_order_nor_repeats_of_events_matter(seed: int, random: Random) -> None:
    told = history(seed)
    again = [*told, *random.sample(told, len(told) // 2)]
    random.shuffle(again)
    period = START + 2 * DAY, END, END + 90 * DAY
    assert printed(again, POLICIES[1], *period) == printed(told, POLICIES[1], *period)


@pytest.mark.parametrize("days", [(30, 0), (21, 14)])
def test_weir_metrics_prints_of_the_sample_what_the_definitions_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: tuple[int, int]
) -> None:
    now = parse_instant("2026-06-15T12:00:00Z")
    told = [event for event in generate(7, now - 60 * DAY, 60) if event.at <= now]
    terms = policy_for(now - 60 * DAY, 60)
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(to_record(event)) + "\n" for event in told))
    (tmp_path / "weir.toml").write_text(terms)
    since, until = (now - before * DAY for before in days)
    status = run(
        ["metrics", "--events", str(tmp_path / "log.jsonl"), "--policy", str(tmp_path / "weir.toml"),
         "--since", show_instant(since), "--until", show_instant(until), "--format", "json"]
    )  # fmt: skip
    out = capsys.readouterr().out
    assert status == 0
    assert json.loads(out) == reckon(told, parse_policy(terms, "the sample policy"), since, until)
