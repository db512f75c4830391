"""What is to come in a world: the sample's teams or a log of one's own, dropped where somebody takes over."""

from __future__ import annotations

from bot.flow.events import FlowEvent, flow_event, parse_instant
from bot.policy import parse_policy
from bot.sample import policy_for
from bot.sample.history import generate
from bot.world.script import Script, file_script, sample_script

BEGIN = parse_instant("2026-03-02T00:00:00Z")
DAY = 86_400


def fact(kind: str, at: int, *, item: int = 1, actor: str = "bob", **own: object) -> FlowEvent:
    id, actor_type = f"{item}-{kind}-{at}", "Bot" if actor.endswith("[bot]") else "User"
    return flow_event(
        repo="acme/shop", item=item, id=id, at=at, kind=kind, actor=actor, actor_type=actor_type, **own
    )  # fmt: skip


def log() -> list[FlowEvent]:
    opened = fact("opened", 10, type="pull_request", title="Fix rounding")
    asked = fact("review_requested", 20, reviewer="alice")
    team = fact("review_requested", 30, team="shop-team")
    return [team, opened, asked, fact("merged", 40), fact("opened", 15, item=7, type="pull_request")]


def kinds(events: list[FlowEvent]) -> list[str]:
    return [event.kind for event in events]


def test_history_and_what_comes_are_told_apart_at_an_instant() -> None:
    script = file_script(log())
    assert kinds(script.before(20)) == ["opened", "opened"]
    assert kinds(script.coming(15, 30)) == ["review_requested", "review_requested"]
    assert [script.next_at(at) for at in (0, 10, 30, 40)] == [10, 15, 40, None]
    assert script.end == 41


def test_the_rest_of_an_item_that_somebody_takes_over_is_dropped() -> None:
    script = file_script(log())
    script.take_over(("github", "acme/shop", 1), 20)
    script.take_over(("github", "acme/shop", 1), 35)
    assert kinds(script.before(100)) == ["opened", "opened", "review_requested"]
    assert script.next_at(15) == 20
    assert script.next_at(20) is None


def test_a_log_shows_who_works_where_and_which_teams_are_asked() -> None:
    robot = fact("commented", 12, actor="ci[bot]")
    (shop,) = file_script([*log(), *log(), robot, fact("assigned", 13, assignee="carol")]).repos
    assert (shop.name, shop.people) == ("acme/shop", ("bob", "carol", "alice"))
    assert shop.teams == {"shop-team": ("bob", "carol", "alice")}


def test_an_empty_log_has_nothing_to_come() -> None:
    script = file_script([])
    assert (script.before(10**10), script.next_at(0), script.repos) == ([], None, ())


def test_the_same_arguments_give_the_same_script_of_three_teams() -> None:
    one, other = sample_script(7, BEGIN, 3), sample_script(7, BEGIN, 3)
    assert one.events == other.events
    assert one.end == BEGIN + 21 * DAY
    assert [(repo.name, list(repo.teams)) for repo in one.repos] == [
        ("acme/shop", ["shop-team"]), ("acme/billing", ["billing-team"]), ("acme/mobile", ["mobile-team"]),
    ]  # fmt: skip


def test_a_number_for_what_is_opened_by_hand_is_none_of_the_script_s() -> None:
    script: Script = sample_script(7, BEGIN, 8)
    assert script.free_number("acme/shop") > max(event.item for event in script.events if event.repo == "acme/shop")
    assert script.free_number("acme/else") == 101


def test_absences_come_round_every_four_weeks_and_nobody_who_is_away_opens_or_reviews() -> None:
    days = 12 * 7
    policy = parse_policy(policy_for(BEGIN, days), "the sample's policy")
    away = {login: part.away for login, part in policy.file.people.items() if part.away}
    assert {login: len(spans) for login, spans in away.items()} == {
        "alice": 2, "heidi": 2, "peggy": 2, "niaj": 1, "frank": 1, "erin": 1,
    }  # fmt: skip
    for event in generate(3, BEGIN, days):
        if event.kind in ("opened", "review_submitted") and event.actor in away:
            assert not any(first <= event.at < (end or 0) for first, end in policy.person(event.actor).away)
