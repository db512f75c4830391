"""An organisation's life against the whole program: days of a small one; `tests.months` runs years of a large one."""

from __future__ import annotations

import pytest
from months.run import Outcome, months
from sqlalchemy import Engine


def lived(engine: Engine, people: int, pulls: int, days: int) -> Outcome:
    return months(people, pulls, days, engine.url.render_as_string(hide_password=False), seed=1, show=print)


def assert_all_well(outcome: Outcome) -> None:
    assert not [line for lines in outcome.judge.faults.values() for line in lines]
    assert not [words for words in outcome.said if words.startswith("error")]
    sent = outcome.judge.sent
    assert sent["morning"]
    assert sent["nudge"]
    assert outcome.judge.judged
    assert outcome.answered


def test_over_some_days_everybody_hears_what_is_theirs_at_their_time_and_once(quick_engine: Engine) -> None:
    assert_all_well(lived(quick_engine, people=8, pulls=12, days=8))


@pytest.mark.long
def test_over_months_everybody_hears_what_is_theirs_at_their_time_and_once(engine: Engine) -> None:
    outcome = lived(engine, people=40, pulls=25, days=60)
    assert_all_well(outcome)
    assert outcome.weather["sleeps"]
