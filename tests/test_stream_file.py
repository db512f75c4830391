"""A value stream as YAML: there and back, comments tolerated, every fault with its line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.stream import (
    LABEL,
    NAMED_SIGNALS,
    PLAIN_SIGNALS,
    STATUS,
    UNLABEL,
    Fork,
    Goal,
    Responsible,
    Segment,
    Signal,
    Stage,
    Stream,
)
from bot.streams.file import BadStream, fitting, from_yaml, to_yaml

ROOT = Path(__file__).parents[1]
PRINTABLE = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='|`"“”„‟«»')
SHORT = """\
name: Shop  # ours
repos: [acme/shop]
stages:
  # the beginning
  - {name: idea, kind: wait, signals: [opened]}
  - name: QA
    kind: wait
    responsible: team qa
    target: 2d
    signals:
      - label qa
      - status In QA
  - name: live
    kind: active
    signals: [merged]
"""


def words(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """Words as they are kept: one space between them, none around."""
    drawn = st.lists(st.text(PRINTABLE, min_size=1, max_size=10), min_size=least, max_size=most // 11)
    return drawn.map(" ".join)


names, texts = words(40, 1), words(80)
plain_signals = st.sampled_from(PLAIN_SIGNALS).map(Signal)
named_signals = st.builds(Signal, st.sampled_from(NAMED_SIGNALS), names)
marks = st.builds(Signal, st.sampled_from((LABEL, UNLABEL, STATUS)), names)
logins = st.from_regex(r"[\w.\[\]-]{1,20}", fullmatch=True)
holders = st.sampled_from((Responsible("author"), Responsible("reviewers"))) | st.builds(
    Responsible, st.sampled_from(("person", "team", "group")), logins
)
targets = st.integers(1, 10_000).map(lambda minutes: minutes * 60)
days = st.dates(date(1970, 1, 1), date(2199, 12, 31))


def unique(made: st.SearchStrategy[Any], least: int = 0, most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(made, min_size=least, max_size=most, unique_by=lambda one: getattr(one, "name", one).casefold())


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    segments = draw(unique(st.builds(Segment, names, texts, st.lists(marks, max_size=2).map(tuple))))
    where = st.sampled_from([None, *(one.name for one in segments)])
    signals = st.lists(plain_signals | named_signals, max_size=3).map(tuple)
    made = st.builds(
        Stage, names, st.booleans(), st.none() | holders, signals, st.none() | targets, texts, texts, texts, where
    )
    stages = draw(unique(made, 2, 5))
    stages[-1] = stages[-1]._replace(segment=None)
    stage = st.sampled_from([one.name for one in stages])
    fork = st.builds(
        Fork, st.sampled_from([one.name for one in segments] or [""]), stage, st.none() | holders,
        st.none() | st.just(0) | targets, st.none() | texts, st.none() | texts,
    )  # fmt: skip
    goal = st.builds(Goal, stage, st.none() | targets, texts, st.none() | days)
    repos = st.from_regex(r"[a-z]{1,9}/[a-z.]{1,9}", fullmatch=True)
    return Stream(
        draw(names), tuple(stages), tuple(draw(unique(repos))), tuple(segments), draw(texts), draw(texts), draw(texts),
        draw(texts), draw(st.none() | names), draw(st.none() | days),
        tuple(draw(st.lists(fork, max_size=2 if segments else 0))), tuple(draw(st.lists(goal, max_size=2))),
    )  # fmt: skip


@given(streams())
def test_a_stream_comes_back_as_it_was(stream: Stream) -> None:
    assert from_yaml(to_yaml(stream)) == stream
    assert fitting(stream) == stream


def test_what_is_left_empty_is_not_written() -> None:
    assert to_yaml(from_yaml(SHORT)) == (
        "name: Shop\nrepos:\n- acme/shop\nstages:\n- name: idea\n  kind: wait\n  signals:\n  - opened\n"
        "- name: QA\n  kind: wait\n  responsible: team qa\n  signals:\n  - label qa\n  - status In QA\n  target: 16h\n"
        "- name: live\n  kind: active\n  signals:\n  - merged\n"
    )


def test_every_word_is_text_whatever_yaml_makes_of_it() -> None:
    odd = SHORT.replace("name: QA", "name: on").replace("In QA", "12:30").replace("name: Shop", "name: 1e3")
    read = from_yaml(odd)
    assert (read.name, read.stages[1].name, str(read.stages[1].signals[1])) == ("1e3", "on", "status 12:30")


def test_text_over_several_lines_is_one_line() -> None:
    folded = SHORT + "outcome: >\n  We win\n  when it ships\n"
    assert from_yaml(folded).outcome == "We win when it ships"


def test_the_example_of_the_documents_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "reference.md").read_text(), re.DOTALL)
    read = from_yaml(example)
    assert (read.stages[0].segment, read.forks[0].target, read.goals[0].until) == (
        "Enterprise", 4 * 3600, date(2026, 12, 1),
    )  # fmt: skip


FAULTS = [
    (SHORT.replace("kind: wait\n", "kind: waiting\n"),
     "line 7: stages 2: kind: “waiting” is not allowed; allowed are active and wait"),
    (SHORT.replace("2d", "2x"), "line 9: stages 2: target: “2x” is not allowed; allowed are minutes, hours or working "
     "days such as '90m', '8h', '2d', and 0 for none"),
    (SHORT.replace("label qa", "lable qa"),
     "line 11: stages 2: signals 1: “lable qa” is not allowed; allowed are opened,"),
    (SHORT.replace("label qa", "label"), "line 11: stages 2: signals 1: “label” is not allowed; allowed are opened,"),
    (SHORT.replace("[merged]", "[merged now]"), "line 15: stages 3: signals 1: “merged now” is not allowed"),
    (SHORT.replace("team qa", "qa"), "line 8: stages 2: responsible: “qa” is not allowed; allowed are author,"),
    (SHORT.replace("acme/shop", "shop"), "line 2: repos 1: “shop” is not allowed; allowed is a repository such as"),
    (SHORT.replace("name: QA", 'name: "\\x1e"'), "line 6: stages 2: name: “\\x1e” is not allowed"),
    (SHORT.replace("target", "x" * 900), f"line 9: stages 2: {'x' * 59}…: unknown key; allowed here are name, kind,"),
    (SHORT.replace("target", "goal"), "line 9: stages 2: goal: unknown key; allowed here are name, kind, segment,"),
    (SHORT.replace("name: QA", "name: IDEA"), "line 6: stages 2: name: “IDEA” stands there twice"),
    (SHORT.replace("  - name: QA\n  ", "  -\n  "), "line 7: stages 2: name: is missing"),
    (SHORT.replace("name: Shop", "name:"), "line 1: name: is missing"),
    (SHORT + "name: Other\n", "line 16: name: stands there twice"),
    (SHORT + "review_on: soon\n", "line 16: review_on: “soon” is not allowed; allowed is a day such as 2027-05-21"),
    (SHORT + "goals:\n- stage: CI\n", "line 17: goals 1: stage: no stage is called “CI”; allowed are idea, QA, live"),
    (SHORT + "forks:\n- {stage: QA, segment: Big}\n",
     "line 17: forks 1: segment: no segment is called “Big”; there are no segments"),
    (SHORT + "segments:\n- {name: Big, signals: [merged]}\n",
     "line 17: segments 1: signals 1: “merged” marks no segment;"),
    (SHORT + "outcome: [a, b]\n", "line 16: outcome: a list is not allowed; allowed is a text"),
    (SHORT + "outcome: " + "x" * 301 + "\n", "line 16: outcome: “xxx"),
    (SHORT.replace("name: QA", 'name: "a|b"'),
     "line 6: stages 2: name: “a|b” is not allowed; allowed are up to 60 characters"),
    ("", "line 1: allowed are keys with values, such as 'name: Shop'"),
    ("- a\n- b\n", "line 1: allowed are keys with values"),
    ("name: x\nstages: QA\n", "line 2: stages: allowed here is a list: lines that begin with '- '"),
    ("name: x\nstages: [QA, live]\n", "line 2: stages 1: allowed here is keys with values"),
    ("name: x\nstages:\n- {name: a, kind: wait}\n", "line 2: stages: 1 are given; allowed is at least two stages"),
    ("name: [\n", "line 2: not YAML: "),
    ("name: a\n\tb: c\n", "line 2: not YAML: "),
    ("name: &a x\noutcome: *a\n", "line 1: aliases (*name) are not allowed; write it out"),
    ("a: &a [*a]\n", "line 1: aliases"),
    ("? [a]\n: b\n", "line 1: a key is a word"),
    ("name: \x01\n", "not YAML: "),
    ("a: " + "[" * 5000, "not YAML that can be read: it is nested too deeply"),
    ("x" * 40_001, "that is too long; allowed are up to 40,000 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), FAULTS, ids=[problem[:40] for _, problem in FAULTS])
def test_a_fault_is_one_line_with_where_it_is_and_what_is_allowed(text: str, problem: str) -> None:
    with pytest.raises(BadStream) as raised:
        from_yaml(text)
    said = str(raised.value)
    assert said.startswith(problem)
    assert "\n" not in said
    assert (raised.value.line is not None) == said.startswith("line ")


def test_what_the_text_is_called_stands_before_its_faults() -> None:
    with pytest.raises(BadStream, match=r"^shop\.yaml: line 1: allowed are keys"):
        from_yaml("", "shop.yaml")


@given(st.text(max_size=200) | st.text(alphabet="abc:- []{}&*!|>\n\"'", max_size=60))
def test_any_text_is_a_stream_or_a_fault_in_one_line(text: str) -> None:
    assert "\n" not in fault_of(text)


def fault_of(text: str) -> str:
    try:
        from_yaml(text)
    except BadStream as fault:
        return str(fault)
    return ""
