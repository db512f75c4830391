"""Whatever comes in by a door is answered, or refused in one clear line: never an exception that nobody expects.

Each property has a short form for the normal run and a long one, marked so.
"""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_slack import content_error
from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_facts import KNOWING, NOTHING
from test_github_bad_deliveries import EXAMPLES as DELIVERIES

from bot.eventlog import BadLog, read
from bot.flow.mapping import Answer, advance, ask, begin
from bot.grammar import VERBS, Misread, NoVerb, parse
from bot.hosts import BadDelivery
from bot.hosts.github import EVENTS
from bot.hosts.github import parse as parse_delivery
from bot.policy import BadPolicy, parse_policy
from bot.streams.file import BadStream, from_yaml
from bot.views import help
from bot.views.stream_form import EXAMPLE as STREAM

LONG = settings(max_examples=5_000, derandomize=False)
Json = Any

NASTY = st.sampled_from([
    "", " ", "\n", "\r\n", "\t", "\0", "\x1b[31m", "\u202e", "\ufeff", "\ud800", "\u2028", "<!channel>", "<@U0BOB>",
    "<https://evil.test|acme/shop>", "`", "*", "_", "~", "&amp;", "[" * 300, "{" * 300, "(" * 300, "a" * 3_000,
    "a," * 500, "->" * 300, "-" * 3_000, " " * 3_000, "9" * 5_000, "1e999", "-1", "0", "08:60", "24:01-24:00",
    "2026-02-30", "9999-12-31", "0001-01-01", "31 feb", "in 99999999 days", "8h8h", "𝟗h", "²h", "٣d", "nan", "inf",
    "!!python/object:os.system", "&a [*a]", "*a", "? - :", "%TAG ! x", "'", '"', "“”", "\\", "#", "//", "http://[",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NASTY | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY | st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def both(data: st.SearchStrategy[Any], holds: Callable[[Any], None]) -> tuple[Any, Any]:
    """The short form of a property and its long one."""

    def short(one: Any) -> None:
        holds(one)

    def long(one: Any) -> None:
        holds(one)

    return given(one=data)(short), pytest.mark.long(LONG(given(one=data)(long)))


def in_one_line(error: Exception, where: str = "") -> None:
    """A refusal says what is wrong, and `where`."""
    said = str(error)
    assert said.startswith(where)
    assert said.strip(), "it says something"
    assert len(said.splitlines()) == 1, "on one line"
    assert len(said) < 2_000
    assert "Traceback" not in said


def places(value: Json) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a structure."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in steps:
        yield value, key
        yield from places(inner)


@st.composite
def damaged(draw: st.DrawFn, example: Json) -> Json:
    """An example in which some parts are something else, gone, or there beside others."""
    whole = copy.deepcopy(example)
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(list(places(whole)) or [(whole, "x")]))
        act = draw(st.sampled_from(["other", "gone", "more"]))
        if act == "other":
            container[key] = draw(ANYTHING)
        elif act == "gone":
            container.pop(key)
        elif isinstance(container, dict):
            container[draw(NASTY | st.text(max_size=8))] = draw(ANYTHING)
    return whole


@st.composite
def torn(draw: st.DrawFn, text: str) -> str:
    """A text of which pieces are cut out, doubled, or put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        middle = draw(st.sampled_from(["", text[start:end] * 2]) | NASTY | st.text(max_size=10))
        text = text[:start] + middle + text[end:]
    return text


# The webhook.


def a_delivery_is_read_or_bad(one: tuple[str, Json]) -> None:
    event, payload = one
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"X-GitHub-Event": event, "Content-Type": "application/json"}
    try:
        delivery = parse_delivery(headers, body, 1_772_449_200)
    except BadDelivery as error:
        in_one_line(error)
    else:
        assert all(repo in delivery.repos for repo, _ in delivery.private)


_DELIVERED = st.sampled_from(DELIVERIES).flatmap(lambda one: st.tuples(st.just(one[0]), damaged(one[1])))
_FOREIGN = st.tuples(st.sampled_from(EVENTS) | NASTY, ANYTHING | st.binary(max_size=200))
test_any_delivery_is_read_or_bad, test_long_any_delivery_is_read_or_bad = both(
    _DELIVERED | _FOREIGN, a_delivery_is_read_or_bad
)


# The slash grammar.


def words_are_understood_or_misread(words: str) -> None:
    try:
        verb, _ = parse(words)
    except NoVerb as error:
        shown = help.unknown(str(error), list(VERBS))
    except Misread as error:
        shown = help.wrong(str(error), VERBS[error.verb].entry if error.verb else None, error.allowed)
    else:
        assert verb in VERBS
        return
    assert content_error({"text": shown.text, "blocks": list(shown.blocks)}) is None


_TYPED = st.lists(
    st.sampled_from([*VERBS, "acme/shop", "#1", "acme/shop#1", "me", "until", "from", "to", "every", "weekly", "review",
                     "8h", "friday", "9:00-17:00", "<#C0TEAM|x>", "<@U0BOB|bob>", "expect", "off", "all", "by", "label",
                     "-30%", "first", "before", "1"]) | NASTY | st.text(max_size=12),
    max_size=9,
).map(" ".join)  # fmt: skip
_BY_VERB = st.tuples(st.sampled_from(sorted(VERBS)), _TYPED).map(" ".join)
test_any_words_are_understood_or_misread, test_long_any_words_are_understood_or_misread = both(
    _TYPED | _BY_VERB, words_are_understood_or_misread
)


# Answers in a mapping.


def any_answers_are_taken(said: list[str]) -> None:
    for facts in (NOTHING, KNOWING):
        turn = ask(begin("Shop"), facts)
        for text in said:
            turn = advance(turn.draft, Answer("alice", 0, text), facts)
            assert all(line.strip() and "\n" not in line for line in (*turn.lines, *turn.question))


_ANSWERED = st.lists(
    NASTY | st.text(max_size=30) | torn("Idea -> coding (active, authors) -> QA (wait, @qa-team, 2d, label qa) -> live")
    | torn("orders a week; for small shops: QA (4h), until 2026-06-01, @bob tries a rota"),
    min_size=1, max_size=8,
)  # fmt: skip
test_any_answers_in_a_mapping_are_taken, test_long_any_answers_in_a_mapping_are_taken = both(
    _ANSWERED, any_answers_are_taken
)


# The policy file.

POLICY: Json = {
    "admins": ["U0ALICE"],
    "calendar": {
        "timezone": "Europe/Berlin", "country": "DE", "subdivision": "BE", "days_off": ["2026-12-24"],
        "hours": {"mon": ["09:00-17:00"], "fri": ["22:00-06:00"]}, "half_days": {"2026-12-31": ["09:00-13:00"]},
    },
    "targets": {"review": "8h", "merge": 0},
    "rules": {"approvals_required": 1, "hold_while_red": True, "wip_labels": ["wip"], "bots": ["renovate*"]},
    "nudges": {"heads_up": 0.75, "escalate": 2.0, "repeat": "8h", "max_repeats": 2},
    "people": {"alice": {"slack": "U0ALICE", "calendar": {"country": "US"},
                         "away": [{"from": "2026-07-01", "until": "2026-07-15"}]}},
    "repos": {"acme/shop": {"channel": "C0TEAM", "targets": {"review": "4h"}}},
}  # fmt: skip


def as_toml(value: Json) -> str:
    """A structure in TOML's inline form; what TOML has no word for is left as it would be typed by mistake."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value)


def as_file(policy: Json) -> str:
    return "\n".join(f"{json.dumps(str(key))} = {as_toml(value)}" for key, value in policy.items())


def a_policy_holds_or_is_bad(text: str) -> None:
    try:
        parse_policy(text, "weir.toml")
    except BadPolicy as error:
        in_one_line(error, "weir.toml: ")


_POLICIES = damaged(POLICY).map(as_file) | torn(as_file(POLICY)) | st.text(max_size=60) | NASTY
test_any_policy_holds_or_is_bad, test_long_any_policy_holds_or_is_bad = both(_POLICIES, a_policy_holds_or_is_bad)


def test_the_policy_that_is_damaged_here_is_a_good_one() -> None:
    assert parse_policy(as_file(POLICY), "weir.toml").file.repos["acme/shop"].channel == "C0TEAM"


# The import file.

LINE: Json = {
    "host": "github", "repo": "acme/shop", "item": 12, "id": "a", "at": "2026-03-02T09:00:00Z", "seq": 0,
    "kind": "opened", "type": "pull_request", "actor": "bob", "actor_type": "User", "approximate": False,
    "draft": False, "title": "Fix rounding", "labels": ["bug"],
}  # fmt: skip


def _log_is_read_or_bad(path: Path) -> None:
    try:
        read(str(path))
    except BadLog as error:
        in_one_line(error, f"{path}: ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


_LINES = damaged(LINE).map(json.dumps) | torn(json.dumps(LINE)) | ANYTHING.map(json.dumps)
_LOGS = st.lists(_LINES, max_size=3).map(lambda lines: "\n".join(lines).encode(errors="replace"))
_FILES = st.tuples(st.sampled_from(["log.jsonl", "log.jsonl.gz"]), _LOGS | st.binary(max_size=200), st.booleans())


def _written(folder: Path, one: tuple[str, bytes, bool]) -> Path:
    name, content, packed = one
    path = folder / name
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@given(one=_FILES)
def test_any_import_file_is_read_or_bad(folder: Path, one: tuple[str, bytes, bool]) -> None:
    _log_is_read_or_bad(_written(folder, one))


@pytest.mark.long
@LONG
@given(one=_FILES)
def test_long_any_import_file_is_read_or_bad(folder: Path, one: tuple[str, bytes, bool]) -> None:
    _log_is_read_or_bad(_written(folder, one))


# Value streams as YAML.


def a_stream_is_read_or_bad(text: str) -> None:
    try:
        from_yaml(text)
    except BadStream as error:
        in_one_line(error)


def _dumped(value: Json) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


_STREAMS = torn(STREAM) | damaged(yaml.safe_load(STREAM)).map(_dumped) | ANYTHING.map(_dumped) | NASTY
test_any_stream_is_read_or_bad, test_long_any_stream_is_read_or_bad = both(_STREAMS, a_stream_is_read_or_bad)


@pytest.mark.parametrize("text", [
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", "[" * 20_000, "{" * 20_000, "- " * 15_000,
    "name: " + "x" * 39_000, "? " * 10_000, "name: !!python/object/apply:os.system ['true']", "a: b: c",
    "\x07", "--- \n" * 500,
])  # fmt: skip
def test_a_stream_that_is_meant_to_do_harm_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(BadStream) as refused:
        from_yaml(text)
    in_one_line(refused.value)
