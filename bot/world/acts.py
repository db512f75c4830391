"""What people can do with a pull request, when they can't and why, and the facts that come of it.

The facts are as GitHub tells them: a review takes its request away by itself, checks are the CI's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.world.items import Item
from bot.world.script import Repository

CI, QUEUE, WEIR = "ci[bot]", "merge-queue[bot]", "weir[bot]"
LONGEST_TITLE, LONGEST_LABEL = 250, 50
"""Characters, as on GitHub."""


class Refused(ValueError):
    """What can't be done now; the message is one line that says why."""


@dataclass(frozen=True)
class Place:
    """The repository in which something is done, and what holds there."""

    repo: Repository
    everybody: tuple[str, ...]
    """All people of the code host."""
    approvals: int
    """As many a merge needs."""

    def person(self, named: str | None) -> str:
        """A login as it is spelt on the code host. Raises Refused where nobody is called so."""
        if not named:
            raise Refused("Name somebody: `who` is a login.")
        found = next((login for login in self.everybody if login.casefold() == named.casefold()), None)
        if found is None:
            raise Refused(f"Nobody is called {named} here; there are {', '.join(self.everybody)}.")
        return found

    def team(self, named: str) -> str:
        """The slug of a team that may be asked. Raises Refused where there is none of that name."""
        if named not in self.repo.teams:
            known = ", ".join(self.repo.teams) or "none"
            raise Refused(f"{self.repo.name} has no team {named}; it has {known}.")
        return named


class Fact(NamedTuple):
    """One thing that happened to an item."""

    kind: str
    actor: str
    own: dict[str, Any]


Wish = dict[str, Any]
"""What an act is about, in text: `who` or `team`, or `label`."""


def refusal(item: Item, actor: str, act: str, place: Place) -> str | None:
    """Why somebody can't do this to an item as it stands, whatever it is about; None where they can."""
    if act not in _ACTS:
        return f"There is no `{act}`; open, {', '.join(ACTS)} can be done."
    if not item.live and act not in (("comment",) if item.merged else ("comment", "reopen")):
        return f"{item.name} is {item.state}; it can only be commented on{'' if item.merged else ' or reopened'}."
    check = _ACTS[act].check
    return check(item, actor, place) if check else None


def can(item: Item, actor: str, place: Place) -> list[str]:
    """What somebody can do to an item now."""
    return [act for act in ACTS if refusal(item, actor, act, place) is None]


def facts(item: Item, actor: str, act: str, place: Place, wish: Wish) -> list[Fact]:
    """What comes of an act. Raises Refused where it can't be done."""
    why = refusal(item, actor, act, place)
    if why is not None:
        raise Refused(why)
    found = list(_ACTS[act].do(item, actor, place, wish))
    if item.queued and act in ("fail", "push", "draft", "object"):
        return [Fact("dequeued", QUEUE, {}), *found]
    return found


def ask(item: Item, actor: str, place: Place, wish: Wish) -> Iterator[Fact]:
    """A request to a person or a team. Raises Refused where they can't be asked, or are already."""
    if wish.get("team"):
        team = place.team(wish["team"])
        if team in item.teams:
            raise Refused(f"The team {team} is asked to review {item.name} already.")
        yield Fact("review_requested", actor, {"team": team})
        return
    login = place.person(wish.get("who"))
    if login == item.author:
        raise Refused(f"{login} wrote {item.name}, so somebody else has to review it.")
    if login in item.people:
        raise Refused(f"{login} is asked to review {item.name} already.")
    yield Fact("review_requested", actor, {"reviewer": login})


def take_back(item: Item, actor: str, place: Place, wish: Wish) -> Iterator[Fact]:
    """The end of a request. Raises Refused where there is none."""
    key, name = ("team", wish["team"]) if wish.get("team") else ("reviewer", place.person(wish.get("who")))
    if name not in (item.teams if key == "team" else item.people):
        raise Refused(f"{name} is not asked to review {item.name}.")
    yield Fact("review_request_removed", actor, {key: name})


def _review(state: str) -> Callable[[Item, str, Place, Wish], Iterator[Fact]]:
    def do(item: Item, actor: str, place: Place, _: Wish) -> Iterator[Fact]:
        teams = [team for team in item.teams if actor in place.repo.teams.get(team, ())]
        yield Fact("review_submitted", actor, {"state": state, **({"teams": teams} if teams else {})})

    return do


def _plain(kind: str, actor: str | None = None) -> Callable[[Item, str, Place, Wish], Iterator[Fact]]:
    """Something that is about nothing else; by whoever does it, or always by the same."""

    def do(_: Item, by: str, __: Place, ___: Wish) -> Iterator[Fact]:
        yield Fact(kind, actor or by, {})

    return do


def _dismiss(item: Item, actor: str, place: Place, wish: Wish) -> Iterator[Fact]:
    login = place.person(wish.get("who"))
    if login not in item.stances:
        raise Refused(f"There is no verdict by {login} on {item.name} to dismiss.")
    yield Fact("review_dismissed", actor, {"reviewer": login})


def label_of(named: str | None) -> str:
    """A label's name. Raises Refused where it is none."""
    label = (named or "").strip()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise Refused(f"A label has 1 to {LONGEST_LABEL} characters on one line.")
    return label


def _label(item: Item, actor: str, _: Place, wish: Wish) -> Iterator[Fact]:
    label = label_of(wish.get("label"))
    if label.casefold() in map(str.casefold, item.labels):
        raise Refused(f"{item.name} has the label {label} already.")
    yield Fact("labeled", actor, {"label": label})


def _unlabel(item: Item, actor: str, _: Place, wish: Wish) -> Iterator[Fact]:
    label = label_of(wish.get("label"))
    there = next((one for one in item.labels if one.casefold() == label.casefold()), None)
    if there is None:
        raise Refused(f"{item.name} has no label {label}.")
    yield Fact("unlabeled", actor, {"label": there})


def _assign(item: Item, actor: str, place: Place, wish: Wish) -> Iterator[Fact]:
    login = place.person(wish.get("who"))
    if login in item.assignees:
        raise Refused(f"{item.name} is assigned to {login} already.")
    yield Fact("assigned", actor, {"assignee": login})


def _unassign(item: Item, actor: str, place: Place, wish: Wish) -> Iterator[Fact]:
    login = place.person(wish.get("who"))
    if login not in item.assignees:
        raise Refused(f"{item.name} is not assigned to {login}.")
    yield Fact("unassigned", actor, {"assignee": login})


def _not_one_s_own(item: Item, actor: str, _: Place) -> str | None:
    return f"You wrote {item.name}, so somebody else has to review it." if actor == item.author else None


def _only_by_the_author(item: Item, actor: str, _: Place) -> str | None:
    if item.author is None or item.by_a_bot or actor == item.author:
        return None
    return f"Only {item.author}, who wrote {item.name}, pushes to it."


def _if(holds: Callable[[Item], object], otherwise: str) -> Callable[[Item, str, Place], str | None]:
    return lambda item, _, __: None if holds(item) else f"{item.name} {otherwise}."


def _fit_to_merge(item: Item, _: str, place: Place) -> str | None:
    """The rules of a protected branch."""
    lacking = place.approvals - len(item.who("approved"))
    if item.draft:
        return f"{item.name} is a draft; it can be merged once it is ready for review."
    if item.red:
        return f"{item.name} can be merged once its checks pass."
    if objectors := item.who("changes_requested"):
        return f"{item.name} can be merged once {_agree(objectors)}, or the objection is dismissed."
    if lacking > 0:
        return f"{item.name} can be merged once it has {lacking} more approval{'' if lacking == 1 else 's'}."
    return None


def _agree(people: list[str]) -> str:
    return f"{', '.join(people)} {'agrees' if len(people) == 1 else 'agree'}"


class _Act(NamedTuple):
    do: Callable[[Item, str, Place, Wish], Iterator[Fact]]
    check: Callable[[Item, str, Place], str | None] | None = None


_ACTS = {
    "request": _Act(ask),
    "unrequest": _Act(take_back, _if(lambda item: item.people or item.teams, "waits for nobody's review")),
    "approve": _Act(_review("approved"), _not_one_s_own),
    "object": _Act(_review("changes_requested"), _not_one_s_own),
    "comment_review": _Act(_review("commented"), _not_one_s_own),
    "comment": _Act(_plain("commented")),
    "dismiss": _Act(_dismiss, _if(lambda item: item.stances, "has no verdict to dismiss")),
    "push": _Act(_plain("pushed"), _only_by_the_author),
    "draft": _Act(_plain("converted_to_draft"), _if(lambda item: not item.draft, "is a draft already")),
    "ready": _Act(_plain("ready_for_review"), _if(lambda item: item.draft, "is ready for review already")),
    "label": _Act(_label),
    "unlabel": _Act(_unlabel, _if(lambda item: item.labels, "has no labels")),
    "assign": _Act(_assign),
    "unassign": _Act(_unassign, _if(lambda item: item.assignees, "is assigned to nobody")),
    "fail": _Act(_plain("checks_failed", CI), _if(lambda item: not item.red, "has failing checks already")),
    "pass": _Act(_plain("checks_passed", CI), _if(lambda item: item.red, "has no failing checks")),
    "merge": _Act(_plain("merged"), _fit_to_merge),
    "close": _Act(_plain("closed")),
    "reopen": _Act(_plain("reopened"), _if(lambda item: not item.live, "is open already")),
}
ACTS = tuple(_ACTS)
