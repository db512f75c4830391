"""The mix of work that is wanted: bands that can be, what leaves them told once, and `/flow mix`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_slack import FakeSlack, content_error
from slack_payloads import element_of, labels
from sqlalchemy import Engine
from world import MONDAY, POLICY, World

from bot.flow.mix import Band, Drift, drift, impossible
from bot.said import Change, current, say
from bot.store import said
from bot.store.engine import writing
from bot.views.message import Message
from bot.views.pages import Again, again
from handlers.commands import answer

DAY = 86_400
HALF = Band(40, 60)


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ({"feature": Band(70, 50)}, "features 70-50 ends below where it begins"),
        ({"feature": Band(60, 70), "defect": Band(50, 60)},
         "the least shares add up to 110%, and there is no more than 100%"),
        ({"feature": Band(10, 20), "defect": Band(10, 20), "risk": Band(0, 10), "debt": Band(0, 10)},
         "the largest shares add up to 60%, so 40% could be nothing"),
        ({"feature": Band(0, 10), "defect": Band(0, 10), "risk": Band(0, 10)}, None),
        ({"feature": Band(50, 50), "defect": Band(50, 50)}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_bands_that_no_mix_fits_are_refused(bands: dict[str, Band], said: str | None):
    assert impossible(bands) == said


def test_a_share_that_leaves_its_band_is_told_once_and_once_when_it_is_back():
    bands = {"feature": HALF}
    weeks = [(10, 10), (14, 6), (15, 5), (14, 6), (11, 9), (12, 8), (3, 17)]
    told: dict[str, str] = {}
    said = []
    for features, defects in weeks:
        news, outside = drift({"feature": features, "defect": defects}, bands, told)
        said.append([(one.type, one.side) for one in news])
        told = dict(outside)
    assert said == [[], [("feature", "above")], [], [], [("feature", "within")], [], [("feature", "below")]]


def test_what_came_to_the_other_side_is_told_again():
    news, outside = drift({"feature": 2, "debt": 18}, {"feature": HALF}, {"feature": "above"})
    assert (news, outside) == ([Drift("feature", 2, 20, HALF, "below")], {"feature": "below"})


def test_a_share_at_the_edge_of_its_band_is_not_told_to_and_fro():
    bands = {"feature": HALF}
    assert drift({"feature": 61, "debt": 39}, bands, {}) == ([], {}), "it has hardly left"
    assert drift({"feature": 61, "debt": 39}, bands, {"feature": "above"}) == ([], {"feature": "above"}), (
        "nor come back"
    )
    assert drift({"feature": 63, "debt": 37}, bands, {})[1] == {"feature": "above"}


def test_of_few_items_nothing_is_told_and_what_was_told_stands():
    assert drift({"feature": 9}, {"feature": HALF}, {}) == ([], {})
    assert drift({}, {"feature": HALF}, {"feature": "above", "debt": "below"}) == ([], {"feature": "above"})


def test_what_has_no_type_counts_among_all_and_a_type_without_a_band_is_never_told():
    news, _ = drift({"feature": 5, "unclassified": 15}, {"feature": HALF}, {})
    assert [(one.side, one.n, one.of, one.share) for one in news] == [("below", 5, 20, 0.25)]


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    """Six features and two defects in one repository in the last weeks, and one defect before them."""
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        world = World(engine, slack)
        world.set_policy(POLICY)
        for item in range(1, 10):
            at = MONDAY - (40 if item == 9 else 10) * DAY + item
            label = "bug" if item > 6 else "enhancement"
            world.tell(
                world.fact("opened", item=item, at=at, type="pull_request", title=f"Change {item}", labels=[label]),
                world.fact("merged", item=item, at=at + DAY),
                live=False,
            )
        yield world


def ask(world: World, words: str, user: str = "U0ALICE", *, sure: bool = False) -> Message:
    told = answer(world.ctx(), user, Again(words, sure=sure))
    assert content_error({"text": told.text, "blocks": list(told.blocks)}) is None
    return told


def press(world: World, shown: Message, label: str) -> Message:
    _, button = element_of({"blocks": shown.blocks}, label)
    asked = again(button["value"])
    assert asked is not None
    return answer(world.ctx(), "U0ALICE", asked)


def test_the_mix_of_the_last_weeks_is_shown_beside_the_wanted_one(world: World) -> None:
    assert ask(world, "mix").text.split("\n") == [
        "Mix of work in all repositories: 8 items done in the last 4 weeks. Of fewer than 10 no share says much.",
        "features: 75% (6)", "defects: 25% (2)", "risks: 0% (0)", "debt: 0% (0)",
        "No shares are agreed on.", "/flow mix features 50-70 shows what other shares would mean.",
    ]  # fmt: skip


def test_other_shares_are_tried_out_and_agreed_on(world: World) -> None:
    told = ask(world, "mix features 50-70 defects 10–30%")
    assert told.text.split("\n") == [
        "Shares of all repositories: features any → 50–70%, defects any → 10–30%.",
        "Mix of work in all repositories: 8 items done in the last 4 weeks. Of fewer than 10 no share says much.",
        "features: 75% (6), ↑ above 50–70%", "defects: 25% (2), ✓ within 10–30%", "risks: 0% (0)", "debt: 0% (0)",
    ]  # fmt: skip
    done = press(world, told, "Confirm")
    assert done.text == (
        "Agreed for all repositories: features 50–70%, defects 10–30%. The digest tells once when one leaves its band."
    )
    assert "features: 75% (6), ↑ above 50–70%" in press(world, done, "Show the mix").text
    assert "wanted mix: any → features 50-70, defects 10-30" in ask(world, "log").text
    assert ask(world, "mix features 50-70").text.startswith("That is what is agreed for all repositories already.")


def test_a_repository_has_shares_of_its_own_or_those_of_all_work(world: World) -> None:
    ask(world, "mix features 50-70", sure=True)
    assert "The shares are those agreed on for all work." in ask(world, "mix shop").text
    ask(world, "mix shop defects at most 20 features none", sure=True)
    assert current(world.ctx()).policy.mix(repo="acme/shop") == {"defect": Band(0, 20)}
    assert "defects: 25% (2), ↑ above 0–20%" in ask(world, "mix shop").text
    assert current(world.ctx()).policy.mix() == {"feature": Band(50, 70)}
    reset = ask(world, "mix shop reset")
    assert reset.text.startswith("Shares of acme/shop: features any → 50–70%, defects 0–20% → any.")
    press(world, reset, "Confirm")
    assert current(world.ctx()).policy.mix(repo="acme/shop") == {"feature": Band(50, 70)}


def test_shares_that_can_not_be_are_refused_in_one_line(world: World) -> None:
    told = ask(world, "mix features 60-70 defects 50-60")
    assert told.text == "That can't be: the least shares add up to 110%, and there is no more than 100%."
    assert ask(world, "mix features 60-70 defects 50-60", sure=True).text == told.text
    assert current(world.ctx()).policy.mix() == {}


def test_who_may_not_agree_is_told_who_may(world: World) -> None:
    told = ask(world, "mix features 50-70", "U0BOB")
    assert told.text.endswith("/flow admins lists who they named.")
    assert labels({"blocks": told.blocks}) == []
    refused = ask(world, "mix features 50-70", "U0BOB", sure=True)
    assert refused.text.startswith("That is for Slack's administrators")


def test_a_value_stream_that_is_renamed_keeps_its_shares(world: World) -> None:
    ctx = world.ctx()
    say(ctx, [Change(("streams", "Shop", "mix"), {"debt": "10-20"})], "U0ALICE", world.now)
    with writing(world.engine) as session:
        said.rename_stream(session, ctx.workspace, "shop", "Market")
    policy = current(ctx).policy
    assert policy.mix(stream="market") == {"debt": Band(10, 20)}
    assert policy.mix(stream="Shop") == {}
