"""On the day that was set for it, whoever saved a map is reminded to look at it again; once, and kindly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_slack import FakeSlack, content_error
from sqlalchemy import Engine
from world import MONDAY, World

from bot.flow.stream import Stream
from bot.streams.file import from_yaml
from bot.streams.reviews import remind
from bot.streams.saving import save

HOUR, DAY = 3600, 86_400
SHOP = """\
name: Shop
repos: [acme/shop]
review_on: 2026-03-10
stages:
  - name: Review
    kind: wait
    responsible: reviewers
    signals: [review]
  - name: Merged
    kind: active
    signals: [merged]
"""


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with FakeSlack() as slack:
        for user in ("U0ALICE", "U0BOB", "U0DAN"):
            slack.add_user(user)
        yield World(engine, slack)


def shop(**more: object) -> Stream:
    return from_yaml(SHOP)._replace(**more)  # type: ignore[arg-type]


def mapped(world: World, user: str = "U0ALICE") -> None:
    world.ask("alice", item=1, at=MONDAY - 2 * DAY)
    world.tell(world.fact("merged", item=1, at=MONDAY - DAY))
    save(world.ctx(), user, shop(), world.now)


def reminded(world: World, **passed: int) -> int:
    """Let time pass, look whose day has come, and let the messages go out."""
    world.wait(**passed)
    done = remind(world.ctx(), world.now)
    world.wait(minutes=1)
    return done


def test_on_its_day_whoever_saved_it_hears_what_changed_since(world: World) -> None:
    mapped(world)
    assert reminded(world, days=7) == 0, "it is the 9th"
    world.ask("alice", item=2)
    world.wait(hours=4)
    world.tell(world.fact("merged", item=2))
    assert reminded(world, days=1) == 1
    (message,) = [one for one in world.slack.dms("U0ALICE") if "look at the map" in one["text"]]
    assert content_error(message) is None
    assert message["text"] == (
        "Shop: this is the day to look at the map again.\n"
        "Version 1 was saved on Monday 2 March. Of the 90 days before it, and of the last 90:\n"
        "• done: 1 → 2\n"
        "• flow time, half within: 0m → 0m\n"
        "• flow efficiency: not known → 0%\n"
        "• largest wait: none → Review (100%)\n"
        "Is it still how work goes? If so, set the next day; if not, map it again."
    )


def test_it_is_told_once_however_often_anybody_looks(world: World) -> None:
    mapped(world)
    assert [reminded(world, days=8), reminded(world, hours=1), reminded(world, days=30)] == [1, 0, 0]
    assert len([text for text in world.texts("U0ALICE") if "look at the map" in text]) == 1


def test_another_day_is_another_reminder_and_the_first_is_not_sent(world: World) -> None:
    mapped(world)
    world.wait(days=8)
    assert remind(world.ctx(), world.now) == 1
    save(world.ctx(), "U0BOB", shop(review_on=shop().review_on.replace(day=12)), world.now)  # type: ignore[union-attr]
    world.wait(hours=1)
    assert world.texts("U0ALICE") == []
    assert reminded(world, days=2) == 1
    assert ["look at the map" in text for text in world.texts("U0BOB")] == [True]


def test_who_has_no_login_hears_of_it_too_and_a_map_without_a_day_is_left_alone(world: World) -> None:
    mapped(world, "U0DAN")
    save(world.ctx(), "U0BOB", shop(name="Other", review_on=None), world.now)
    assert reminded(world, days=8) == 1
    assert len(world.texts("U0DAN")) == 1
    assert world.texts("U0BOB") == []
