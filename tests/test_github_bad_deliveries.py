"""Webhook deliveries that are damaged, foreign or malicious: read or refused in one clear line, never a surprise."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import github_payloads as gh
import github_shipping as shipping
import pytest
from github_payloads import NINE, Payload, signed
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import from_record, show_instant, to_record
from bot.hosts import BadDelivery, Delivery
from bot.hosts.github import EVENTS, parse

LATER = NINE + 90_000
NOTHING = Delivery("github")


def told(event: str, payload: Payload, *, form: bool = False) -> Delivery:
    return parse(*signed("secret", event, payload, form=form), LATER)


@pytest.mark.parametrize("event", ["push", "merge_group", "star", "unheard-of"])
def test_an_event_of_no_use_is_nothing(event: str) -> None:
    assert told(event, gh.ping()) == NOTHING


def test_the_older_form_encoding_says_the_same() -> None:
    payload = gh.pull_request("opened", title="Round 50% + a bit & more")
    assert told("pull_request", payload, form=True) == told("pull_request", payload)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"null", b"7", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b"payload=%7B%7D"],
)
def test_a_body_that_is_no_json_object_is_bad(body: bytes) -> None:
    with pytest.raises(BadDelivery, match="the body is no"):
        parse({"X-GitHub-Event": "pull_request", "Content-Type": "application/json; charset=utf-8"}, body, LATER)


@pytest.mark.parametrize("body", [b"", b"payload", b"payload=", b"other=%7B%7D", b"payload=%ff", b"payload=[]"])
def test_a_form_without_a_json_object_is_bad(body: bytes) -> None:
    headers = {"x-github-event": "ping", "content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(BadDelivery, match="the body is no"):
        parse(headers, body, LATER)


def test_an_event_that_is_not_named_is_bad() -> None:
    with pytest.raises(BadDelivery, match="X-GitHub-Event"):
        parse({}, b"{}", LATER)


def test_a_missing_key_is_named() -> None:
    payload = gh.pull_request("opened")
    del payload["pull_request"]["number"]
    with pytest.raises(BadDelivery, match=r"^pull_request: pull_request\.number: Field required$"):
        told("pull_request", payload)


@pytest.mark.parametrize("at", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1525109898])
def test_an_instant_that_is_none_is_named(at: Any) -> None:
    payload = gh.pull_request("reopened")
    payload["pull_request"]["updated_at"] = at
    with pytest.raises(BadDelivery, match=r"^pull_request: pull_request\.updated_at"):
        told("pull_request", payload)


EXAMPLES: list[tuple[str, Payload]] = [
    ("pull_request", gh.pull_request("opened", labels=("bug",))),
    ("pull_request", gh.pull_request("closed", merged_at=NINE, closed_at=NINE)),
    ("pull_request", gh.pull_request("review_requested", reviewer="alice")),
    ("pull_request", gh.pull_request("review_requested", team="core")),
    ("pull_request", gh.pull_request("labeled", label="WIP")),
    ("pull_request", gh.pull_request("assigned", assignee="alice")),
    ("pull_request", gh.pull_request("edited", title_was="Round")),
    ("pull_request", gh.pull_request("synchronize")),
    ("pull_request_review", gh.review()),
    ("pull_request_review", gh.review("dismissed")),
    ("pull_request_review_comment", gh.review_comment()),
    ("issue_comment", gh.comment()),
    ("issues", gh.issue("opened")),
    ("check_suite", gh.check_suite()),
    ("check_run", gh.check_run()),
    ("status", gh.status()),
    ("pull_request", gh.pull_request("opened", body="Fixes #7, resolves globex/shop#8")),
    ("pull_request", gh.pull_request("edited", body="Closes #9", body_was="Fixes #7")),
    ("issues", gh.issue("closed", closed_at=NINE, reason="completed")),
    ("deployment_status", gh.deployment_status()),
    ("release", shipping.release()),
    ("projects_v2_item", shipping.projects_v2_item()),
    ("repository", gh.repository("renamed", was="acme/store")),
    ("repository", gh.repository("transferred", was="globex/shop")),
    ("installation", gh.installation("created", "acme/shop")),
    ("installation_repositories", gh.installation_repositories("added", added=("acme/shop",))),
]

LEFT_OUT = object()
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
texts = st.sampled_from(
    ["", "\n", "\0", "\ud800", "approved", "failure", "2026-03-02T09:00:00Z", "0001-01-01T00:00:00Z"]
)
anything = st.recursive(
    scalars | texts | st.sampled_from([0, -1, 2**53, 2**64, 1e308, float("nan")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in steps:
        yield value, key
        yield from places(inner)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, Payload]:
    event, payload = copy.deepcopy(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(list(places(payload)) or [(payload, "action")]))
        instead = draw(anything | st.just(LEFT_OUT))
        if instead is not LEFT_OUT:
            container[key] = instead
        elif isinstance(container, dict):
            container.pop(key, None)
    return event, payload


def read_or_refused(event: str, payload: Payload) -> Delivery | BadDelivery:
    try:
        return told(event, payload)
    except BadDelivery as refusal:
        return refusal


@given(damaged())
def test_a_damaged_payload_is_read_or_refused_in_one_line(delivery: tuple[str, Payload]) -> None:
    outcome = read_or_refused(*delivery)
    if isinstance(outcome, BadDelivery):
        assert str(outcome).isprintable()
        return
    for event in outcome.events:
        line = json.dumps(to_record(event), ensure_ascii=False).encode()
        assert from_record(json.loads(line)) == event
    for fact in outcome.unplaced:
        assert json.loads(json.dumps(fact.data)) == fact.data
        assert f"{fact.id}{fact.kind}{fact.repo}{fact.owner}{show_instant(fact.at)}".isprintable()
    for fact in outcome.facts:
        assert show_instant(fact.at)
        assert f"{fact.repo}{fact.sha}{fact.subject}{fact.id}".isprintable()


@given(st.sampled_from(EVENTS), st.dictionaries(st.text(max_size=5), anything))
def test_any_json_object_is_read_or_refused_in_one_line(event: str, payload: Payload) -> None:
    outcome = read_or_refused(event, payload)
    assert outcome == NOTHING or str(outcome).isprintable()


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "", "é"]))
def test_bytes_that_mean_nothing_are_refused(body: bytes, content_type: str) -> None:
    headers = {"X-GitHub-Event": "pull_request", "Content-Type": content_type}
    with pytest.raises(BadDelivery, match="the body is no"):
        parse(headers, b"?" + body, LATER)


@given(damaged())
def test_a_redelivery_tells_the_same(delivery: tuple[str, Payload]) -> None:
    once, again = read_or_refused(*delivery), read_or_refused(*delivery)
    assert str(once) == str(again)
