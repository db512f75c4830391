"""The event log: read, refused with a clear line, written back unchanged."""

from __future__ import annotations

import gzip
import json

import pytest

from bot import eventlog
from bot.eventlog import BadLog
from bot.flow.events import BadEvent, flow_event, from_record, parse_instant, show_instant, to_record, unique

OPENED = {
    "host": "github", "repo": "acme/shop", "item": 12, "id": "o", "at": "2026-03-02T09:00:00Z", "kind": "opened",
    "actor": "bob", "actor_type": "User", "type": "pull_request", "draft": False,
}  # fmt: skip


def event(**changes):
    return {**OPENED, **changes}


def without(key: str):
    return {name: value for name, value in OPENED.items() if name != key}


REFUSED = [
    (without("host"), "'host' is missing"),
    (without("item"), "'item' is missing"),
    (without("at"), "'at' is missing"),
    (event(item="12"), "'item' is '12'; a whole number from 1 is allowed"),
    (event(item=0), "'item' is 0"),
    (event(item=True), "'item' is True"),
    (event(item=2**70), "'item' is"),
    (event(repo=""), "'repo' is ''"),
    (event(repo="a\nb"), "'repo' is 'a\\nb'"),
    (event(id="x" * 501), "a text of 1 to 500 characters on one line is allowed"),
    (event(id=None), "'id' is None"),
    (event(kind="linked", issue="7"), "'issue' of a link is '7'; the issue's number is allowed"),
    (event(kind="unlinked", issue=7, **{"in": 8}), "'in' of a link is 8; the issue's repository"),
    (event(kind="released"), "'tag' of a release is None"),
    (event(kind="released", tag="v1\n"), "'tag' of a release is 'v1\\n'; its name on one line is allowed"),
    (event(at="yesterday"), "'at' is 'yesterday': not an RFC 3339 time"),
    (event(at="2026-03-02T09:00:00"), "a time without an offset"),
    (event(at="9999-12-31T23:59:59-14:00"), "outside the years 1 to 9999"),
    (event(at="0001-01-01T00:00:00+14:00"), "outside the years 1 to 9999"),
    (event(at="2026-W10-1T09:00:00+00:00"), "not an RFC 3339 time"),
    (event(at="2026-13-02T09:00:00Z"), "not an RFC 3339 time"),
    (event(at=1772442000), "not an RFC 3339 time"),
    (event(seq="1"), "'seq' is '1'"),
    (event(actor=""), "'actor' is ''"),
    (event(actor_type="Robot"), "'actor_type' is 'Robot'; 'User' or 'Bot' is allowed"),
    (event(type="epic"), "'type' of an opened event is 'epic'"),
    (without("type"), "'type' of an opened event is None"),
    (event(draft="no"), "'draft' is 'no'"),
    (event(labels="wip"), "'labels' is 'wip'"),
    (event(kind="review_submitted", state="APPROVED"), "'state' of a review is 'APPROVED'"),
    (event(kind="review_submitted", state="approved", teams="core"), "'teams' is 'core'"),
    (event(kind="review_requested"), "'reviewer' or 'team' is missing"),
    (event(kind="claimed", team="core"), "'reviewer' of a claim is None; the login of who takes it over is allowed"),
    (event(kind="claimed", reviewer="alice"), "'team' of a claim is None; the name of the team asked is allowed"),
    (event(kind="claimed", reviewer="", team="core"), "'reviewer' of a claim is ''"),
    (event(kind="claimed", reviewer="alice", team=["core"]), "'team' of a claim is ['core']"),
    (event(kind="labeled"), "'label' is None"),
    (event(kind="review_dismissed"), "'reviewer' is missing"),
]


@pytest.mark.parametrize(("record", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_bad_event_is_refused_with_the_key_and_what_is_allowed(record, said):
    with pytest.raises(BadEvent) as refused:
        from_record(dict(record))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", [[], "text", 3, None])
def test_what_is_no_object_is_no_event(value):
    with pytest.raises(BadEvent, match="not a JSON object"):
        from_record(value)


def test_instants_are_cut_to_whole_seconds_and_turned_to_utc():
    assert show_instant(parse_instant("2026-03-02T10:00:00.999+01:00")) == "2026-03-02T09:00:00Z"
    assert parse_instant("1969-12-31T23:59:59.5Z") == -1
    assert parse_instant("2026-03-02t09:00:00z") == parse_instant("2026-03-02T09:00:00Z")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_first_and_the_last_instant_can_be_shown(text):
    assert show_instant(parse_instant(text)) == text


def test_an_event_is_written_back_as_it_was_read():
    record = event(seq=3, approximate=True, title="Fix <rounding> — in totals", future={"a": [1]})
    read = from_record(dict(record))
    assert to_record(read) == record
    assert from_record(json.loads(json.dumps(to_record(read)))) == read


def test_an_unknown_kind_is_kept():
    assert from_record(event(kind="pinned", colour="red")).data["colour"] == "red"


def review(**own):
    common = {"repo": "acme/shop", "item": 12, "at": 5, "kind": "review_submitted", "actor": "alice"}
    return flow_event(id="r", state="approved", **common, **own)


def test_of_two_tellings_of_a_review_the_one_that_knows_its_teams_is_kept():
    bare, told = review(), review(teams=["core"])
    assert unique([bare, told]) == unique([told, bare]) == [told]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_a_log_is_read_back_as_it_was_written(tmp_path, name):
    events = [from_record(event(id=str(number))) for number in range(3)]
    path = str(tmp_path / name)
    assert eventlog.write(path, events) == 3
    assert eventlog.read(path) == events
    assert [file.name for file in tmp_path.iterdir()] == [name]


def refusal(path) -> str:
    with pytest.raises(BadLog) as refused:
        eventlog.read(str(path))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_bad_line_is_named_by_file_and_number(tmp_path):
    path = tmp_path / "log.jsonl"
    good = json.dumps(OPENED)
    for bad, said in [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        ('{"a": ' + "[" * 100_000, "line 2: not JSON"),
        ('{"host": ' + "9" * 5_000 + "}", "line 2: not JSON that can be read"),
    ]:
        path.write_text(f"{good}\n{bad}\n")
        assert f"{path}: {said}" in refusal(path)
    path.write_bytes(good.encode() + b"\n\xff\xfe\n")
    assert "line 2: not UTF-8 text" in refusal(path)


def test_a_file_that_is_not_there_or_no_archive_or_cut_off_is_one_clear_line(tmp_path):
    assert "no such file" in refusal(tmp_path / "nowhere.jsonl")
    assert "is a directory" in refusal(tmp_path)
    archive = tmp_path / "log.jsonl.gz"
    archive.write_bytes(b"plain")
    assert "can't be read" in refusal(archive)
    whole = gzip.compress(b"\n" * 100_000)
    archive.write_bytes(whole[: len(whole) // 2])
    assert "can't be read" in refusal(archive)


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("\ufeff" + json.dumps(OPENED) + "\n\n", encoding="utf-8")
    assert len(eventlog.read(str(path))) == 1
