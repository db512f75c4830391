"""Takes the pictures of the README: `python -m tests.pictures docs/pictures`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from first_steps import HOUR, PEOPLE, FirstSteps, first_steps
from program import wait_until

from tests.pictures.camera import photograph
from tests.pictures.page import home, message, page, typed

NAMES = {"C0SHOP": "shop", **{f"U0{login.upper()}": login for login in PEOPLE}}


def scenes(world: FirstSteps) -> Iterator[tuple[str, str]]:
    """(name, page), along the path from an empty workspace to a nudge that was answered."""
    world.history()
    yield "connect", page([_asked(world, "connect acme/shop <#C0SHOP|shop>", "U0DAN"), _learnt(world)])
    world.site.press_in(world.slack.dms("U0DAN")[0], "Switch on", "U0DAN")
    wait_until(lambda: world.slack.whispers != [])
    world.open_pull(41, "bob", "alice", "Fix rounding in the ledger export")
    world.wait(4)
    nudge = world.slack.dms("U0ALICE")[-1]
    before = _shown(world, nudge)
    world.site.press_in(nudge, "On it", "U0ALICE")
    wait_until(lambda: _answered(world))
    yield "nudge", page([before, _shown(world, world.slack.dms("U0ALICE")[-1])])
    world.open_pull(42, "carol", "alice", "Show the delivery date")
    world.open_pull(43, "alice", "dan", "Retry payments that time out")
    world.github.repo("acme/shop").pulls[43].request_team("core", at=world.clock.now() + 5, by="alice")
    world.wait(4.5)
    world.site.event({"type": "app_home_opened", "user": "U0ALICE", "tab": "home"})
    wait_until(lambda: "U0ALICE" in world.slack.homes)
    yield "home", page([home(world.slack.homes["U0ALICE"], NAMES)])
    world.wait(15.5)
    yield "morning", page([_shown(world, world.slack.dms("U0ALICE")[-1])])
    world.wait(6)
    yield "team", page([_shown(world, told) for told in world.slack.messages("C0SHOP")[-1:]])
    yield "waits", page([_asked(world, "waits", "U0BOB")])


def _asked(world: FirstSteps, text: str, user: str) -> str:
    answered = world.flow(text, user)
    return typed(f"/flow {text}".replace("<#C0SHOP|shop>", "#shop")) + message(
        answered, _at(world), NAMES, private=True
    )


def _learnt(world: FirstSteps) -> str:
    for _ in range(3):
        world.clock.advance(seconds=20)
        world.beat()
    return _shown(world, world.slack.dms("U0DAN")[0])


def _answered(world: FirstSteps) -> bool:
    world.clock.advance(seconds=3)
    world.beat()
    return bool(world.slack.dms("U0ALICE")[-1].get("edits"))


def _shown(world: FirstSteps, told: dict[str, Any]) -> str:
    return message(told, _clock(int(float(told["ts"]))), NAMES)


def _at(world: FirstSteps) -> str:
    return _clock(world.clock.now())


def _clock(at: int) -> str:
    return f"{(at + HOUR) % 86_400 // HOUR:02}:{at % HOUR // 60:02}"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, first_steps(Path(data)) as world:
        for name, html in scenes(world):
            photograph(html, folder / f"{name}.png")
            print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
