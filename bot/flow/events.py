"""Flow events: what a code host told, as the portable event log keeps it.

Instants are whole seconds since 1970 UTC (int); text is RFC 3339 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

PULL_REQUEST, ISSUE = "pull_request", "issue"
CLAIMED, TYPED, ISSUE_TYPE_CHANGED = "claimed", "typed", "issue_type_changed"
PICKED, HANDED_OVER = "picked_up", "handed_over"
"""Told by this program: somebody of a team took a request; took up what waits in a stage {`stage`}; handed that to
somebody {`stage`, `to`}."""
WORK_TYPES = ("feature", "defect", "risk", "debt")
REVIEW_STATES = ("approved", "changes_requested", "commented")

ItemKey: TypeAlias = tuple[str, str, int]
"""(host, repo, item)"""

RANKS = {"opened": 0, "closed": 2, "merged": 2}
MAX_INT = 2**53
MOST = 500
"""Characters of a name or id: what a key of a database's index can hold."""


class BadEvent(ValueError):
    """An event that can't be read; the message names the key and what is allowed."""


class FlowEvent(NamedTuple):
    """One fact about one item. Sorting events of an item sorts them as the ledger applies them."""

    at: int
    seq: int
    rank: int
    id: str
    host: str
    repo: str
    item: int
    kind: str
    actor: str | None
    actor_type: str
    approximate: bool
    data: dict[str, Any]
    """The kind's own keys (and `type` on `opened`), as in the event log."""

    @property
    def key(self) -> ItemKey:
        return (self.host, self.repo, self.item)


class Unplaced(NamedTuple):
    """What a host told of items that it did not name; a job finds them and makes events of it."""

    host: str
    id: str
    """Unique at the host; the ids of the events are built from `data`."""
    kind: str
    """Of the events: `deployed`, `released` or `status_changed`."""
    at: int
    repo: str | None
    """None where only a look at the host tells."""
    owner: str
    """Whose repository it is."""
    actor: str | None
    actor_type: str
    data: dict[str, Any]


def flow_event(
    *,
    host: str = "github",
    repo: str,
    item: int,
    id: str,
    at: int,
    kind: str,
    actor: str | None,
    actor_type: str = "User",
    seq: int = 0,
    approximate: bool = False,
    **data: Any,
) -> FlowEvent:
    """Make an event from its parts; `at` in seconds since 1970 UTC, own keys as keyword arguments."""
    rank = RANKS.get(kind, 1)
    return FlowEvent(at, seq, rank, id, host, repo, item, kind, actor, actor_type, approximate, data)


def parse_instant(text: object) -> int:
    """RFC 3339 with an offset → whole seconds since 1970 UTC (fractions are cut). Raises ValueError."""
    if not isinstance(text, str) or len(text) < 19 or text[7] != "-" or text[10] not in "Tt ":
        raise ValueError(_NO_INSTANT)
    try:
        moment = datetime.fromisoformat(text if text[-1] != "z" else text[:-1] + "Z")
    except ValueError:
        raise ValueError(_NO_INSTANT) from None
    if moment.tzinfo is None:
        raise ValueError("a time without an offset; write it like 2026-03-02T09:00:00Z")
    # timestamp() is a float that is exact at whole seconds; floor keeps instants before 1970 right too.
    at = int(moment.timestamp() // 1)
    if not _FIRST <= at <= _LAST:
        raise ValueError("outside the years 1 to 9999 UTC")
    return at


_NO_INSTANT = "not an RFC 3339 time such as 2026-03-02T09:00:00Z"
_FIRST, _LAST = -62_135_596_800, 253_402_300_799


def show_instant(at: int) -> str:
    """Seconds since 1970 UTC → `2026-03-02T09:00:00Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat()[:19] + "Z"


def from_record(record: object) -> FlowEvent:
    """Read one object of the event log; the object is used up. Raises BadEvent naming key and remedy."""
    if not isinstance(record, dict):
        raise BadEvent("not a JSON object")
    pop = record.pop
    try:
        host, repo, kind, id_ = pop("host"), pop("repo"), pop("kind"), pop("id")
        item, at_text = pop("item"), pop("at")
    except KeyError as missing:
        raise BadEvent(f"{missing} is missing; every event has host, repo, item, id, at and kind") from None
    if type(id_) is int:
        id_ = str(id_)
    for key, value in (("host", host), ("repo", repo), ("kind", kind), ("id", id_)):
        if type(value) is not str or not 0 < len(value) <= MOST or not value.isprintable():
            raise BadEvent(f"'{key}' is {_shown(value)}; a text of 1 to {MOST} characters on one line is allowed")
    if type(item) is not int or not 0 < item < MAX_INT:
        raise BadEvent(f"'item' is {_shown(item)}; a whole number from 1 is allowed")
    try:
        at = parse_instant(at_text)
    except (ValueError, OverflowError) as error:
        raise BadEvent(f"'at' is {_shown(at_text)}: {error}") from None
    seq = pop("seq", None) or 0
    if type(seq) is not int or not -MAX_INT < seq < MAX_INT:
        raise BadEvent(f"'seq' is {_shown(seq)}; a whole number is allowed")
    actor = _login("actor", pop("actor", None))
    actor_type = pop("actor_type", None) or "User"
    if actor_type not in ("User", "Bot"):
        raise BadEvent(f"'actor_type' is {_shown(actor_type)}; 'User' or 'Bot' is allowed")
    approximate = pop("approximate", None) is True
    if check := _CHECKED.get(kind):
        check(record)
    return FlowEvent(at, seq, RANKS.get(kind, 1), id_, host, repo, item, kind, actor, actor_type, approximate, record)


def to_record(event: FlowEvent) -> dict[str, Any]:
    """The object of the event log for an event; `from_record` reads it back unchanged."""
    record: dict[str, Any] = {
        "host": event.host,
        "repo": event.repo,
        "item": event.item,
        "id": event.id,
        "at": show_instant(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "actor_type": event.actor_type,
    }
    if event.seq:
        record["seq"] = event.seq
    if event.approximate:
        record["approximate"] = True
    record.update(event.data)
    return record


def unique(events: Iterable[FlowEvent]) -> list[FlowEvent]:
    """Events with each (host, repo, id) once, whatever the order they came in.

    Where two tellings differ, the exact instant goes before the approximate one, then the one that knows on whose
    behalf a review was (`teams`), as which commit it was merged (`sha`, `base`) or as what it was opened (`branch`,
    `issue_type`), then the smaller: the choice hangs on the set alone.
    """
    kept: dict[tuple[str, str, str], FlowEvent] = {}
    for event in events:
        key = (event.host, event.repo, event.id)
        other = kept.setdefault(key, event)
        if other is not event and other != event:
            kept[key] = min(other, event, key=preference)
    return list(kept.values())


_LEARNT_LATER = ("teams", "sha", "base", "branch", "issue_type")


def preference(event: FlowEvent) -> tuple[bool, int, str]:
    """Sorts two tellings of one event: the better first."""
    lacking = sum(event.data.get(key) is None for key in _LEARNT_LATER)
    return (event.approximate, lacking, repr(to_record(event)))


def _is_name(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= MOST and value.isprintable()


def _login(key: str, value: Any) -> str | None:
    if value is None or _is_name(value):
        return value  # type: ignore[no-any-return]
    raise BadEvent(f"'{key}' is {_shown(value)}; a login or null is allowed")


def _check_opened(own: dict[str, Any]) -> None:
    if own.get("type") not in (PULL_REQUEST, ISSUE):
        raise BadEvent(f"'type' of an opened event is {_shown(own.get('type'))}; 'pull_request' or 'issue' is allowed")
    if type(own.get("draft") or False) is not bool:
        raise BadEvent(f"'draft' is {_shown(own['draft'])}; true or false is allowed")
    labels = own.get("labels")
    if labels is not None and (type(labels) is not list or any(type(label) is not str for label in labels)):
        raise BadEvent(f"'labels' is {_shown(labels)}; a list of texts is allowed")


def _check_review(own: dict[str, Any]) -> None:
    if own.get("state") not in REVIEW_STATES:
        raise BadEvent(f"'state' of a review is {_shown(own.get('state'))}; {', '.join(REVIEW_STATES)} are allowed")
    teams = own.get("teams")
    if teams is not None and (type(teams) is not list or any(type(team) is not str for team in teams)):
        raise BadEvent(f"'teams' is {_shown(teams)}; a list of team names is allowed")


def _check_request(own: dict[str, Any]) -> None:
    if "reviewer" not in own and "team" not in own:
        raise BadEvent("'reviewer' or 'team' is missing; a review request names one of them")
    _login("reviewer", own.get("reviewer"))
    _login("team", own.get("team"))


def _check_claim(own: dict[str, Any]) -> None:
    for key, meant in (("reviewer", "the login of who takes it over"), ("team", "the name of the team asked")):
        if not _is_name(own.get(key)):
            raise BadEvent(f"'{key}' of a claim is {_shown(own.get(key))}; {meant} is allowed")


def _check_typed(own: dict[str, Any]) -> None:
    if "type" not in own or own["type"] not in (*WORK_TYPES, None):
        allowed = f"{', '.join(WORK_TYPES)} are allowed, and null for what the rules say"
        raise BadEvent(f"'type' of a typed event is {_shown(own.get('type'))}; {allowed}")


def _check_issue_type(own: dict[str, Any]) -> None:
    if "to" not in own or not (own["to"] is None or type(own["to"]) is str):
        raise BadEvent(f"'to' of an issue type's change is {_shown(own.get('to'))}; its name, or null for none")


def _check_label(own: dict[str, Any]) -> None:
    if type(own.get("label")) is not str:
        raise BadEvent(f"'label' is {_shown(own.get('label'))}; the label's name is allowed")


def _check_dismissed(own: dict[str, Any]) -> None:
    if "reviewer" not in own:
        raise BadEvent("'reviewer' is missing; a dismissal names whose review it was (a login or null)")
    _login("reviewer", own["reviewer"])


def _check_link(own: dict[str, Any]) -> None:
    issue = own.get("issue")
    if type(issue) is not int or not 0 < issue < MAX_INT:
        raise BadEvent(f"'issue' of a link is {_shown(issue)}; the issue's number is allowed")
    if own.get("in") is not None and not _is_name(own["in"]):
        raise BadEvent(f"'in' of a link is {_shown(own['in'])}; the issue's repository, or nothing for its own")


def _check_milestone(own: dict[str, Any]) -> None:
    if type(own.get("milestone")) is not str:
        raise BadEvent(f"'milestone' is {_shown(own.get('milestone'))}; the milestone's title is allowed")


def _check_parent(own: dict[str, Any]) -> None:
    parent = own.get("parent")
    if type(parent) is not int or not 0 < parent < MAX_INT:
        raise BadEvent(f"'parent' is {_shown(parent)}; the parent issue's number is allowed")
    if own.get("in") is not None and not _is_name(own["in"]):
        raise BadEvent(f"'in' of a parent is {_shown(own['in'])}; its repository, or nothing for the issue's own")


def _check_trace(own: dict[str, Any]) -> None:
    if not _is_name(own.get("to")):
        raise BadEvent(f"'to' is {_shown(own.get('to'))}; the id of an outcome or a key result is allowed")


def _check_released(own: dict[str, Any]) -> None:
    if not _is_name(own.get("tag")):
        raise BadEvent(f"'tag' of a release is {_shown(own.get('tag'))}; its name on one line is allowed")


# Kinds whose own keys decide about the state: reading on without them would be guessing.
_CHECKED = {
    "opened": _check_opened,
    "review_submitted": _check_review,
    "review_requested": _check_request,
    "review_request_removed": _check_request,
    "claimed": _check_claim,
    TYPED: _check_typed,
    ISSUE_TYPE_CHANGED: _check_issue_type,
    "labeled": _check_label,
    "unlabeled": _check_label,
    "review_dismissed": _check_dismissed,
    "linked": _check_link,
    "unlinked": _check_link,
    "released": _check_released,
    "milestoned": _check_milestone,
    "demilestoned": _check_milestone,
    "parent_added": _check_parent,
    "parent_removed": _check_parent,
    "traced": _check_trace,
    "untraced": _check_trace,
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
