"""The one-line notation of a stream's stages: read, refused with a reason, written back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.stream import (
    AUTHOR,
    DEPLOY,
    GROUP,
    LABEL,
    MOST_STAGES,
    NAMED_SIGNALS,
    PERSON,
    PLAIN_SIGNALS,
    REVIEWERS,
    STATUS,
    TEAM,
    UNLABEL,
    Responsible,
    Signal,
    Stage,
    Stream,
)
from bot.flow.stream_line import EXAMPLE, Sketch, has_arrow, line_of, parse, sketch_of
from bot.flow.stream_words import LONGEST_TARGET, Known, Unread, Words, spelt, target_of, words

HOUR = 3600
ISSUE = (
    "idea -> coding (active, authors) -> review (wait, reviewers, 8h) -> QA (wait, @qa-team, 2d, label qa) "
    "-> live (deploy production)"
)
KNOWN = Known(
    people=("alice", "bob"), teams=("qa", "core"), accounts={"U1": "alice"}, groups={"S1": "@ops"},
    labels=("Needs review",), columns=("In progress",), environments=("production",),
)  # fmt: skip


def test_the_line_of_the_handbook_is_read():
    assert parse(ISSUE) == (
        Sketch("idea"),
        Sketch("coding", True, Responsible(AUTHOR)),
        Sketch("review", False, Responsible(REVIEWERS), target=8 * HOUR),
        Sketch("QA", False, Responsible(TEAM, "qa-team"), (Signal(LABEL, "qa"),), target=16 * HOUR),
        Sketch("live", signals=(Signal(DEPLOY, "production"),)),
    )


@pytest.mark.parametrize("arrow", ["->", "→", ">", "=>", "-->", "-&gt;", "&gt;", "–>", "⇒"])
def test_any_arrow_will_do(arrow):
    assert [one.name for one in parse(f"idea {arrow} coding{arrow}live")] == ["idea", "coding", "live"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2d, label qa, @qa-team, wait", words("wait, @qa-team, 2d, label qa")),
        ("wait reviewers 8h", Words(False, Responsible(REVIEWERS), 8 * HOUR)),
        ("WAITING; Author; within 90 min", Words(False, Responsible(AUTHOR), 5400)),
        ("1d 4h", Words(target=12 * HOUR)),
        ("it is active and authors", Words(True, Responsible(AUTHOR))),
        ("label: qa", Words(signals=(Signal(LABEL, "qa"),))),
        ('label "needs, review"', Words(signals=(Signal(LABEL, "needs, review"),))),
        ("label “in (QA)”", Words(signals=(Signal(LABEL, "in (QA)"),))),
        ("label ready to ship", Words(signals=(Signal(LABEL, "ready to ship"),))),
        ("label qa removed", Words(signals=(Signal(UNLABEL, "qa"),))),
        ("unlabel qa, label qa, label qa", Words(signals=(Signal(UNLABEL, "qa"), Signal(LABEL, "qa")))),
        ("column In progress", Words(signals=(Signal(STATUS, "In progress"),))),
        ("deployed to production", Words(signals=(Signal(DEPLOY, "production"),))),
        ("merged, re review, released", Words(signals=(Signal("merged"), Signal("re_review"), Signal("release")))),
        ("unmeasured, no target", Words(target=0, unmeasured=True)),
        ("<@U1>", Words(responsible=Responsible(PERSON, "<@U1>"))),
        ("<@U1|al>, wait", Words(False, Responsible(PERSON, "<@U1>"))),
        ("<!subteam^S1|@qa>", Words(responsible=Responsible(GROUP, "S1"))),
        ("@acme/reviewers", Words(responsible=Responsible(TEAM, "reviewers"))),
        ("@bob", Words(responsible=Responsible(PERSON, "bob"))),
        ("team bob", Words(responsible=Responsible(TEAM, "bob"))),
        ("only large shops", Words(segment="large shops")),
        ("", Words()),
    ],
)
def test_words_stand_in_any_order_and_manner(text, said):
    assert words(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U1>", Words(responsible=Responsible(PERSON, "alice"))),
        ("@qa", Words(responsible=Responsible(TEAM, "qa"))),
        ("@ops", Words(responsible=Responsible(GROUP, "S1"))),
        ("ALICE", Words(responsible=Responsible(PERSON, "alice"))),
        ("core", Words(responsible=Responsible(TEAM, "core"))),
        ("needs review", Words(signals=(Signal(LABEL, "Needs review"),))),
        ("in progress", Words(signals=(Signal(STATUS, "In progress"),))),
        ("production", Words(signals=(Signal(DEPLOY, "production"),))),
    ],
)
def test_what_is_known_needs_no_word_before_it(text, said):
    assert words(text, KNOWN) == said


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("", "In stage 1: the name is missing."),
        ("a -> -> b", "In stage 2: the name is missing."),
        ("a -> b ->", "In stage 3: the name is missing."),
        ("a -> QA (wait, foo) -> b", "In stage 2, “QA”: I can't read “foo”. Allowed are `active` or `wait`"),
        ("a -> QA (wait, 2d -> b", "In stage 2, “QA”: the closing bracket is missing"),
        ("a (wait) soon -> b", "In stage 1, “a”: one pair of brackets"),
        ("a (wait) (8h) -> b", "In stage 1, “a”: one pair of brackets"),
        ("a) -> b", "In stage 1, “a)”: one pair of brackets"),
        ("a (wait, active) -> b", "“active” says another thing"),
        ("a (8h, 9h) -> b", "“9h” says another thing"),
        ("a (0h) -> b", "“0h” is no target. Allowed is working time from `1m` to `250d`."),
        ("a (9999w) -> b", "“9999w” is no target."),
        ("a (label) -> b", "I can't read “label”."),
        ("a (deploy) -> b", "I can't read “deploy”."),
        ('a (label "") -> b', "needs its name"),
        ("a (unmeasured, merged) -> b", "It can't be unmeasured and start with `merged`."),
        ("QA -> b -> qa", "“qa” is there twice"),
        ("x" * 41 + " -> b", "the name has 41 characters; at most 40 are allowed."),
        (" -> ".join(f"s{n}" for n in range(31)), "That is 31 stages; a stream has at most 30."),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_is_allowed(line, wrong):
    with pytest.raises(Unread) as caught:
        parse(line)
    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_arrow_is_seen_outside_quotes_and_mentions():
    assert has_arrow(EXAMPLE)
    assert not has_arrow('<@U1> and "a -> b"')


def test_a_sketch_keeps_what_an_older_one_knew():
    older = Sketch("QA", False, Responsible(TEAM, "qa"), (Signal(LABEL, "qa"),), target=HOUR, does="tries it")
    (newer,) = parse("qa (active, 2h)")
    assert newer.over(older) == older._replace(name="qa", active=True, target=2 * HOUR)
    (unmeasured,) = parse("qa (unmeasured)")
    assert (unmeasured.over(older).signals, unmeasured.over(older).unmeasured) == ((), True)


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split())
).filter(bool)  # fmt: skip
LOGINS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?", fullmatch=True)
RESPONSIBLE = st.one_of(
    st.sampled_from([None, Responsible(AUTHOR), Responsible(REVIEWERS), Responsible(PERSON, "<@U1>")]),
    st.builds(Responsible, st.sampled_from([PERSON, TEAM]), LOGINS),
    st.builds(Responsible, st.just(GROUP), st.from_regex(r"S[A-Z0-9]{1,8}", fullmatch=True)),
)
SIGNALS = st.one_of(
    st.sampled_from([Signal(kind) for kind in PLAIN_SIGNALS]), st.builds(Signal, st.sampled_from(NAMED_SIGNALS), NAMES)
)
STAGES = st.builds(
    Stage, NAMES, st.booleans(), RESPONSIBLE, st.lists(SIGNALS, max_size=3, unique=True).map(tuple),
    st.none() | st.integers(1, LONGEST_TARGET), st.just(""), st.just(""), st.just(""), st.none() | NAMES,
)  # fmt: skip
STREAMS = st.lists(STAGES, min_size=1, max_size=MOST_STAGES, unique_by=lambda stage: stage.name.casefold()).map(
    lambda stages: Stream("orders", tuple(stages))
)


@given(STREAMS)
def test_a_line_written_back_is_read_as_the_same(stream):
    assert tuple(one.stage for one in parse(line_of(map(sketch_of, stream.stages)))) == stream.stages


@given(STREAMS)
def test_a_sketched_line_written_back_is_read_as_the_same(stream):
    sketches = parse(line_of(map(sketch_of, stream.stages)))
    assert parse(line_of(sketches)) == sketches


@given(st.integers(1, LONGEST_TARGET))
def test_a_target_written_back_is_the_same(seconds):
    assert target_of(spelt(seconds)) == seconds


@given(st.text() | st.text(alphabet='ab ->()",;<>@!^|&gt“”12dh'))
def test_any_text_is_read_or_refused_in_words(text):
    with suppress(Unread):
        assert parse(text, KNOWN)
