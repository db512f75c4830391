"""All that Weir says in its first days: every answer, message, home and window of a run of the whole program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from first_steps import FirstSteps, first_steps
from program import wait_until
from slack_payloads import labels

from bot.grammar.verbs import DISCONNECT, ENTRIES
from bot.local.limits import parsed

Json = dict[str, Any]
_SPOKEN = {"@bob": "<@U0BOB|bob>", "#shop": "<#C0SHOP|shop>"}
_FORMS = ("Set hours", "Going away")
_WINDOWS = ("Repositories", "Targets", "People", "Health", "Changes", "Administrators")


@dataclass
class AllSaid:
    """The bodies, each once: messages with `text` and `blocks`, and whole views."""

    messages: list[Json] = field(default_factory=list)
    homes: list[Json] = field(default_factory=list)
    modals: list[Json] = field(default_factory=list)

    def take(self, body: Json) -> None:
        if "view" in body:
            view = parsed(body["view"])
            _once(self.homes if view["type"] == "home" else self.modals, view)
        elif body.get("blocks"):
            _once(self.messages, {"text": body["text"], "blocks": parsed(body["blocks"])})


def _once(known: list[Json], body: Json) -> None:
    if body not in known:
        known.append(body)


def all_said(folder: Path) -> AllSaid:
    """What is said while a repository is connected, waited on, answered about, and asked about in every way."""
    said = AllSaid()
    with first_steps(folder) as world:
        for answered in [*_first_days(world), *_every_answer(world)]:
            said.take(answered)
        _at_home(world, said)
        world.flow(f"{DISCONNECT} acme/shop")
        world.beat()
        for body in [*(form for _, form in world.slack.calls), *world.slack.whispers, *world.slack.replaced]:
            said.take(body)
    return said


def _first_days(world: FirstSteps) -> Iterator[Json]:
    """From nothing to things that wait, and go on waiting."""
    yield world.flow("waits")
    world.history()
    yield world.flow("connect acme/shop <#C0SHOP|shop>")
    for _ in range(3):
        world.clock.advance(seconds=20)
        world.beat()
    _press(world, "U0DAN", "Switch on")
    for number in range(41, 45):
        world.open_pull(number, "bob", "alice", f"Fix rounding in the ledger export, part {number}")
        _pass(world, 0.5)
    late = world.github.repo("acme/shop").pull(45, author="carol", at=world.clock.now(), title="Translate")
    late.request("team:shop-team", at=world.clock.now() + 1, by="carol")
    _pass(world, 3)
    _answer_each(world)
    world.open_pull(46, "bob", "carol", "Faster search")
    world.open_pull(47, "bob", "carol", "Retry payments")
    _pass(world, 50)


def _pass(world: FirstSteps, hours: float) -> None:
    """Let time pass, with a beat every half hour."""
    for _ in range(int(hours * 2)):
        world.clock.advance(minutes=30)
        world.beat()


def _answer_each(world: FirstSteps) -> None:
    """Of four nudges each is answered in a way of its own."""
    noted, snoozed, handed, wrong = [one for one in world.slack.dms("U0ALICE") if "On it" in labels(one)]
    world.site.press_in(noted, "On it", "U0ALICE")
    world.site.choose(snoozed, "Snooze", "Tomorrow morning", "U0ALICE")
    world.site.pick_user(handed, "Hand over", "U0CAROL", "U0ALICE", nth=0)
    world.site.choose(wrong, "Wrong ping", "Too early", "U0ALICE", nth=-1)


def _press(world: FirstSteps, user: str, label: str) -> None:
    """Press it in the last message to somebody; come back once that was answered."""
    before = len(world.slack.whispers)
    world.site.press_in(world.slack.dms(user)[-1], label, user)
    wait_until(lambda: len(world.slack.whispers) > before)


def _every_answer(world: FirstSteps) -> Iterator[Json]:
    """Every example of `/flow help`, and words that are not understood."""
    typed = [typed for entry in ENTRIES if entry.name != DISCONNECT for typed, _ in entry.examples]
    for line in [*typed, "/flow help waiting", "/flow wiats", "/flow hours 25-26", "/flow why acme/shop#41"]:
        words = line.removeprefix("/flow ")
        for shown, sent in _SPOKEN.items():
            words = words.replace(shown, sent)
        for user in ("U0DAN", "U0ALICE"):
            yield world.flow(words, user)


def _at_home(world: FirstSteps, said: AllSaid) -> None:
    """Each one's home, the windows it opens, and what comes of sending its forms off."""
    for user in ("U0DAN", "U0ALICE", "U0CAROL"):
        shown = _home(world, user)
        for label in dict.fromkeys(labels(shown)):
            if label in (*_FORMS, *_WINDOWS):
                _open(world, shown, label, user)
    for window in [parsed(form["view"]) for method, form in world.slack.calls if method == "views.open"]:
        if "submit" in window:
            reply = world.site.submit(window, {}, "U0DAN")
            said.take(json.loads(reply.text or "{}"))


def _open(world: FirstSteps, home: Json, label: str, user: str) -> None:
    """Come back once the window is there with its answer in it."""
    awaited = "views.open" if label in _FORMS else "views.update"
    before = world.slack.called(awaited)
    world.site.press_in(home, label, user, nth=0)
    wait_until(lambda: world.slack.called(awaited) > before)


def _home(world: FirstSteps, user: str) -> Json:
    world.site.event({"type": "app_home_opened", "user": user, "channel": f"D{user[1:]}", "tab": "home"})
    wait_until(lambda: user in world.slack.homes)
    return world.slack.homes[user]
