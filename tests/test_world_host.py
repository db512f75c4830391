"""The small code host: what can be done by hand, what comes of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.flow.events import FlowEvent, from_record, parse_instant, to_record
from bot.flow.waits import KINDS, Ledger, Rules, by_item, fold
from bot.world.acts import ACTS, Refused
from bot.world.host import MOST, Host
from bot.world.script import Repository, Script, sample_script

NOW = parse_instant("2026-03-02T09:32:00Z")
BERLIN = ZoneInfo("Europe/Berlin")
SHOP = Repository("acme/shop", ("alice", "bob", "carol"), {"shop-team": ("alice", "bob", "carol")})
BILLING = Repository("acme/billing", ("erin",), {"billing-team": ("erin",)})


class Desk:
    """A code host and what happened on it; a minute passes with every act."""

    def __init__(self, approvals: int = 1) -> None:
        self.host = Host([SHOP, BILLING], approvals=lambda _: approvals)
        self.now, self.events = NOW, list[FlowEvent]()

    def do(self, actor: str | None, act: str, number: int | None = 1, **own: Any) -> list[FlowEvent]:
        found = self.host.act(self.now, actor, act, repo="acme/shop", number=number, **own)
        self.events += found
        self.now += 60
        return found

    def opened(self, **own: Any) -> Desk:
        self.do("bob", "open", None, title="Fix rounding", **own)
        return self

    def ledger(self) -> Ledger:
        ledger = fold(self.events, Rules())
        assert ledger is not None
        return ledger

    def turns(self) -> set[tuple[str, str]]:
        return {(wait.kind, wait.on) for wait in self.ledger().waits if wait.until is None}

    def item(self, actor: str | None = "alice") -> dict[str, Any]:
        found: dict[str, Any] = self.host.shown(actor, BERLIN)["items"][0]
        return found


def asked() -> Desk:
    return Desk().opened(reviewers=["alice"])


def test_every_kind_of_wait_can_be_produced_by_hand() -> None:
    desk, seen = Desk().opened(), []
    for act in (
        None,
        lambda: desk.do("bob", "request", team="shop-team"),
        lambda: desk.do("bob", "request", who="alice"),
        lambda: desk.do("alice", "comment_review"),
        lambda: desk.do("bob", "comment"),
        lambda: desk.do("alice", "object"),
        lambda: desk.do("bob", "push"),
        lambda: desk.do("bob", "fail"),
        lambda: desk.do("bob", "pass"),
        lambda: desk.do("alice", "approve"),
        lambda: desk.do("bob", "merge"),
    ):
        if act:
            act()
        seen.append(sorted(desk.turns()))
    assert seen == [
        [("assign", "bob")],
        [("review", "shop-team")],
        [("review", "alice"), ("review", "shop-team")],
        [("respond", "bob")],
        [("re_review", "alice")],
        [("rework", "bob")],
        [("re_review", "alice")],
        [("fix", "bob"), ("re_review", "alice")],
        [("re_review", "alice")],
        [("merge", "bob")],
        [],
    ]
    assert {kind for turns in seen for kind, _ in turns} == set(KINDS)


def test_a_review_answers_its_request_and_that_of_the_reviewer_s_team() -> None:
    desk = Desk().opened(reviewers=["alice", "shop-team"])
    assert (desk.item()["asked"], desk.item()["teams"]) == (["alice"], ["shop-team"])
    (review,) = desk.do("alice", "approve")
    assert review.data == {"state": "approved", "teams": ["shop-team"]}
    assert (desk.item()["asked"], desk.item()["teams"], desk.item()["approved_by"]) == ([], [], ["alice"])


def test_what_is_opened_says_what_it_is() -> None:
    desk = Desk()
    opened, request = desk.do("bob", "open", None, title=" Fix  rounding ", labels=["wip"], draft=True,
                              reviewers=["alice"])  # fmt: skip
    assert {key: value for key, value in opened.data.items() if key != "size"} == {
        "type": "pull_request", "draft": True, "title": "Fix rounding", "labels": ["wip"], "base": "main",
        "url": "https://github.com/acme/shop/pull/1",
    }  # fmt: skip
    assert opened.data["size"] > 0
    assert (request.kind, request.actor, request.data) == ("review_requested", "bob", {"reviewer": "alice"})
    assert desk.do("bob", "open", None, title="Another")[0].item == 2


def test_checks_are_the_ci_s_and_what_can_t_be_merged_any_more_leaves_the_queue() -> None:
    desk = asked()
    desk.host.tell([desk.events[0]._replace(kind="queued", id="q", seq=9, data={})])
    out, failed = desk.do("alice", "fail")
    assert (out.kind, out.actor, out.actor_type) == ("dequeued", "merge-queue[bot]", "Bot")
    assert (failed.kind, failed.actor, failed.actor_type) == ("checks_failed", "ci[bot]", "Bot")
    assert (desk.item()["red"], desk.item()["queued"]) == (True, False)


def test_acts_within_one_second_keep_their_order_and_have_ids_of_their_own() -> None:
    desk = asked()
    for act in ("unrequest", "request", "unrequest", "request"):
        desk.now = NOW
        desk.do("bob", act, who="alice")
    assert sorted(desk.events) == desk.events
    assert len({event.id for event in desk.events}) == len(desk.events)
    assert desk.turns() == {("review", "alice")}


def test_events_by_hand_read_back_unchanged_from_the_event_log() -> None:
    desk = asked()
    desk.do("bob", "label", label="wip")
    assert [from_record(to_record(event)) for event in desk.events] == desk.events


Prepared = Callable[[], Desk]


def after(*acts: tuple[str, str], approvals: int = 1, **own: Any) -> Prepared:
    def prepared() -> Desk:
        desk = Desk(approvals).opened(**own)
        for actor, act in acts:
            desk.do(actor, act)
        return desk

    return prepared


@pytest.mark.parametrize(
    ("prepared", "actor", "act", "own", "why"),
    [
        (asked, "bob", "approve", {}, "You wrote acme/shop#1, so somebody else has to review it."),
        (asked, "bob", "object", {}, "You wrote acme/shop#1, so somebody else has to review it."),
        (asked, "bob", "comment_review", {}, "You wrote acme/shop#1, so somebody else has to review it."),
        (asked, None, "approve", {}, "You have no account on the code host, so you can only look on."),
        (asked, "mallory", "approve", {}, "You have no account on the code host, so you can only look on."),
        (asked, "alice", "request", {"who": "alice"}, "alice is asked to review acme/shop#1 already."),
        (asked, "alice", "request", {"who": "bob"}, "bob wrote acme/shop#1, so somebody else has to review it."),
        (asked, "bob", "request", {"who": "zed"}, "Nobody is called zed here; there are alice, bob, carol, erin."),
        (asked, "bob", "request", {}, "Name somebody: `who` is a login."),
        (asked, "bob", "request", {"who": ["alice"]}, "`who` is a text."),
        (asked, "bob", "request", {"team": "billing-team"}, "acme/shop has no team billing-team; it has shop-team."),
        (after(reviewers=["shop-team"]), "bob", "request", {"team": "shop-team"},
         "The team shop-team is asked to review acme/shop#1 already."),
        (after(), "bob", "unrequest", {"who": "alice"}, "acme/shop#1 waits for nobody's review."),
        (asked, "bob", "unrequest", {"who": "carol"}, "carol is not asked to review acme/shop#1."),
        (asked, "bob", "unrequest", {"team": "shop-team"}, "shop-team is not asked to review acme/shop#1."),
        (asked, "bob", "dismiss", {"who": "alice"}, "acme/shop#1 has no verdict to dismiss."),
        (after(("alice", "object")), "bob", "dismiss", {"who": "carol"},
         "There is no verdict by carol on acme/shop#1 to dismiss."),
        (asked, "alice", "push", {}, "Only bob, who wrote acme/shop#1, pushes to it."),
        (after(draft=True), "bob", "draft", {}, "acme/shop#1 is a draft already."),
        (asked, "bob", "ready", {}, "acme/shop#1 is ready for review already."),
        (after(labels=["wip"]), "bob", "label", {"label": "WIP"}, "acme/shop#1 has the label WIP already."),
        (asked, "bob", "label", {"label": " "}, "A label has 1 to 50 characters on one line."),
        (asked, "bob", "label", {"label": "x" * 51}, "A label has 1 to 50 characters on one line."),
        (asked, "bob", "unlabel", {"label": "wip"}, "acme/shop#1 has no labels."),
        (after(labels=["bug"]), "bob", "unlabel", {"label": "wip"}, "acme/shop#1 has no label wip."),
        (asked, "bob", "unassign", {"who": "bob"}, "acme/shop#1 is assigned to nobody."),
        (after(("alice", "fail")), "bob", "fail", {}, "acme/shop#1 has failing checks already."),
        (asked, "bob", "pass", {}, "acme/shop#1 has no failing checks."),
        (asked, "bob", "merge", {}, "acme/shop#1 can be merged once it has 1 more approval."),
        (after(approvals=2), "bob", "merge", {}, "acme/shop#1 can be merged once it has 2 more approvals."),
        (after(("alice", "approve"), ("alice", "fail")), "bob", "merge", {},
         "acme/shop#1 can be merged once its checks pass."),
        (after(("alice", "approve"), ("carol", "object")), "bob", "merge", {},
         "acme/shop#1 can be merged once carol agrees, or the objection is dismissed."),
        (after(("alice", "approve"), draft=True), "bob", "merge", {},
         "acme/shop#1 is a draft; it can be merged once it is ready for review."),
        (after(("alice", "approve"), ("bob", "merge")), "alice", "approve", {},
         "acme/shop#1 is merged; it can only be commented on."),
        (after(("alice", "approve"), ("bob", "merge")), "bob", "reopen", {},
         "acme/shop#1 is merged; it can only be commented on."),
        (after(("bob", "close")), "alice", "approve", {},
         "acme/shop#1 is closed; it can only be commented on or reopened."),
        (asked, "bob", "reopen", {}, "acme/shop#1 is open already."),
        (asked, "bob", "explode", {}, f"There is no `explode`; open, {', '.join(ACTS)} can be done."),
    ],
)  # fmt: skip
def test_what_can_t_be_done_is_refused_in_one_line_and_changes_nothing(
    prepared: Prepared, actor: str | None, act: str, own: dict[str, Any], why: str
) -> None:
    desk = prepared()
    before = desk.item()
    with pytest.raises(Refused) as refusal:
        desk.do(actor, act, **own)
    assert str(refusal.value) == why
    assert desk.item() == before


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ({"title": " "}, "A title has 1 to 250 characters."),
        ({"title": 7}, "`title` is a text."),
        ({"title": "A", "reviewers": ["bob"]}, "bob wrote acme/shop#1, so somebody else has to review it."),
        ({"title": "A", "reviewers": "alice"}, "`reviewers` is a list of texts."),
        ({"title": "A", "labels": [""]}, "A label has 1 to 50 characters on one line."),
    ],
)
def test_what_can_t_be_opened_is_refused_and_nothing_is_there(own: dict[str, Any], why: str) -> None:
    desk = Desk()
    with pytest.raises(Refused, match="^" + why):
        desk.do("bob", "open", None, **own)
    assert desk.host.shown("bob", BERLIN)["items"] == []


def test_what_is_not_there_is_refused() -> None:
    host = asked().host
    with pytest.raises(Refused, match=r"^There is no pull request acme/shop#9.$"):
        host.act(NOW, "bob", "close", repo="acme/shop", number=9)
    with pytest.raises(Refused, match=r"^There is no repository acme/x; there are acme/shop, acme/billing.$"):
        host.act(NOW, "bob", "open", repo="acme/x", title="A")
    with pytest.raises(Refused, match=r"^There is no repository ; there are "):
        host.act(NOW, "bob", "open", title="A")
    with pytest.raises(Refused, match=r"^`repo` is a text.$"):
        host.act(NOW, "bob", "close", repo=["acme/shop"], number=1)  # type: ignore[arg-type]


def test_who_looks_is_told_what_they_can_do() -> None:
    desk = asked()
    assert desk.item("alice")["can"] == [
        "request", "unrequest", "approve", "object", "comment_review", "comment", "draft", "label", "assign", "fail",
        "close",
    ]  # fmt: skip
    assert desk.item("bob")["can"] == ["request", "unrequest", "comment", "push", "draft", "label", "assign", "fail",
                                       "close"]  # fmt: skip
    assert desk.item(None)["can"] == []
    desk.do("alice", "approve")
    assert "merge" in desk.item("bob")["can"]
    desk.do("bob", "merge")
    assert desk.item("bob")["can"] == ["comment"]


def test_an_item_is_shown_as_it_stands_with_its_log_in_plain_words() -> None:
    desk = Desk().opened(draft=True, labels=["bug"], reviewers=["shop-team"])
    desk.do("bob", "ready")
    desk.do("carol", "object")
    desk.do("alice", "fail")
    shown = desk.item("alice")
    log = [line["text"] for line in shown.pop("log")]
    del shown["can"]
    assert shown == {
        "repo": "acme/shop", "number": 1, "title": "Fix rounding", "author": "bob", "state": "open", "labels": ["bug"],
        "asked": [], "teams": [], "assignees": [], "approvals": 0, "needs": 1, "approved_by": [],
        "objections": ["carol"], "red": True, "queued": False, "updated": NOW + 180,
        "url": "https://github.com/acme/shop/pull/1",
        "why_not": {"push": "Only bob, who wrote acme/shop#1, pushes to it.",
                    "merge": "acme/shop#1 can be merged once its checks pass."},
    }  # fmt: skip
    assert log == [
        "bob opened it as a draft", "bob asked the team shop-team for a review", "bob marked it ready for review",
        "carol asked for changes", "The checks failed",
    ]  # fmt: skip
    assert desk.item()["log"][0] == {"at": NOW, "shown": "Mon 10:32", "text": "bob opened it as a draft"}


def test_repositories_are_shown_with_their_people_team_and_labels() -> None:
    desk = Desk().opened(labels=["urgent"])
    assert desk.host.shown("bob", BERLIN)["repos"] == [
        {"name": "acme/shop", "team": "shop-team", "people": ["alice", "bob", "carol"], "labels": ["wip", "urgent"]},
        {"name": "acme/billing", "team": "billing-team", "people": ["erin"], "labels": ["wip"]},
    ]


@cache
def lived_through(seed: int) -> tuple[Script, list[FlowEvent]]:
    """Six weeks of the sample's teams."""
    script = sample_script(seed, NOW, 6)
    return script, script.before(script.end)


def host_of(script: Script, events: list[FlowEvent]) -> Host:
    host = Host(script.repos, number_of=script.free_number)
    host.tell(events)
    return host


@pytest.mark.parametrize("seed", range(3))
def test_the_host_and_the_ledger_agree_on_a_history(seed: int) -> None:
    script, events = lived_through(seed)
    host = host_of(script, events)
    for (_, repo, number), of_item in by_item(events).items():
        ledger = fold(of_item, Rules())
        assert ledger is not None
        if sorted(of_item)[0].data["type"] == "issue":
            with pytest.raises(Refused):
                host.item(repo, number)
            continue
        item = host.item(repo, number)
        assert (item.live, item.merged, item.author) == (ledger.live, ledger.merged, ledger.author)
        open_waits = {(wait.kind, wait.on) for wait in ledger.waits if wait.until is None}
        for kind, on in open_waits:
            assert kind != "fix" or item.red
            assert kind != "merge" or (item.who("approved") and not item.who("changes_requested") and not item.red)
            assert kind != "review" or on in item.people or on in item.teams


@pytest.mark.parametrize("seed", range(3))
def test_what_somebody_is_told_they_can_do_can_be_done_and_nothing_else(seed: int) -> None:
    script, events = lived_through(seed)
    shown = host_of(script, events).shown("alice", BERLIN)["items"]
    for item in [one for one in shown if one["repo"] == "acme/shop"]:
        own_events = [event for event in events if (event.repo, event.item) == ("acme/shop", item["number"])]
        for act in ACTS:
            host = host_of(script, own_events)
            own = dict(repo="acme/shop", number=item["number"], **about(act, item))
            if act in item["can"]:
                assert host.act(NOW * 2, "alice", act, **own)
            else:
                with pytest.raises(Refused):
                    host.act(NOW * 2, "alice", act, **own)


def about(act: str, item: dict[str, Any]) -> dict[str, str]:
    """What an act may be about."""
    free = next(who for who in ("carol", "dan", "erin") if who not in (*item["asked"], item["author"]))
    asked = {"who": item["asked"][0]} if item["asked"] else {"team": "shop-team"}
    verdicts = [*item["approved_by"], *item["objections"], "bob"]
    return {
        "request": {"who": free},
        "unrequest": asked,
        "dismiss": {"who": verdicts[0]},
        "label": {"label": "something new"},
        "unlabel": {"label": (item["labels"] or ["x"])[0]},
        "assign": {"who": next(who for who in ("carol", "dan") if who not in item["assignees"])},
        "unassign": {"who": (item["assignees"] or ["bob"])[0]},
    }.get(act, {})


def test_open_items_are_shown_first_and_sixty_at_most() -> None:
    states = [item["state"] for item in host_of(*lived_through(1)).shown("alice", BERLIN)["items"]]
    ended = next(place for place, state in enumerate(states) if state in ("merged", "closed"))
    assert len(states) == MOST
    assert {"open", "draft"}.isdisjoint(states[ended:])
