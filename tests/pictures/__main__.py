"""Takes the pictures of the README: `python -m tests.pictures docs/pictures`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from first_steps import PEOPLE, FirstSteps, first_steps
from playwright.sync_api import Locator, Page
from program import wait_until
from site_on_loopback import SLACK_SECRET

from bot.demo import log, sample
from bot.demo import opened as played
from bot.installing.manifest import manifest_of
from bot.local.desk import Desk
from bot.local.installed import Installed
from bot.policy import parse_policy
from bot.sample import generate, policy_for
from tests.pictures.camera import opened, part, show, whole

PHONE = 390
"""Pixels of a phone's width."""
Take = Callable[[Page, Path], None]


def scenes(world: FirstSteps) -> Iterator[tuple[str, Take]]:
    """(name, how it is taken), along the path from an empty workspace to a nudge that was answered."""
    world.history()
    _asked(world, "connect acme/shop #shop", "U0DAN")
    _learnt(world)
    yield "connect", lambda page, to: _photograph(page, to, "U0DAN", "D0DAN", 1)
    world.site.press_in(world.slack.dms("U0DAN")[0], "Switch on", "U0DAN")
    wait_until(lambda: world.slack.whispers != [])
    world.open_pull(41, "bob", "alice", "Fix rounding in the ledger export")
    world.wait(4)
    yield "nudge", lambda page, to: _photograph(page, to, "U0ALICE", "D0ALICE", 1)
    world.site.press_in(world.slack.dms("U0ALICE")[-1], "On it", "U0ALICE")
    wait_until(lambda: _answered(world))
    yield "answered", lambda page, to: _photograph(page, to, "U0ALICE", "D0ALICE", 1)
    world.open_pull(42, "carol", "alice", "Show the delivery date")
    world.open_pull(43, "alice", "dan", "Retry payments that time out")
    world.github.repo("acme/shop").pulls[43].request_team("core", at=world.clock.now() + 5, by="alice")
    world.wait(4.5)
    world.site.event({"type": "app_home_opened", "user": "U0ALICE", "tab": "home"})
    wait_until(lambda: "U0ALICE" in world.slack.homes)
    yield "home", _home


def _asked(world: FirstSteps, text: str, user: str) -> None:
    assert world.slack.desk is not None
    done = world.slack.desk.do({"as": user, "do": "type", "in": "C0SHOP", "text": f"/flow {text}"})
    assert done == {"ok": True}, done


def _learnt(world: FirstSteps) -> None:
    for _ in range(3):
        world.clock.advance(seconds=20)
        world.beat()


def _answered(world: FirstSteps) -> bool:
    world.clock.advance(seconds=3)
    world.beat()
    return bool(world.slack.dms("U0ALICE")[-1].get("edits"))


def _photograph(page: Page, to: Path, user: str, conversation: str, last: int) -> None:
    show(page, user, conversation)
    messages = page.locator("#messages .message")
    messages.last.wait_for()
    shown: list[Locator] = messages.all()[-last:]
    part(page, shown, to)


def _home(page: Page, to: Path) -> None:
    show(page, "U0ALICE", "D0ALICE", "home")
    blocks = page.locator("#home .blocks")
    blocks.wait_for()
    part(page, [blocks], to)


@contextmanager
def _with_page(world: FirstSteps) -> Iterator[str]:
    """The address of a page of this world's Slack."""
    door = f"http://127.0.0.1:{world.site.port}"
    app = Installed(manifest_of(door), f"{door}/slack/events", SLACK_SECRET)
    for login in PEOPLE:
        world.slack.users[f"U0{login.upper()}"]["name"] = login
    world.slack.desk = Desk(world.slack, app, {})
    yield world.slack.page_url
    app.close()


def _demo(folder: Path, to: Path) -> None:
    """The first view of `weir demo`, on its first morning."""
    with played(sample(1, 1_772_409_600), folder) as demo, opened(demo.slack.page_url) as page:
        demo.story.to("morning")
        while demo.story.shown()["busy"]:
            demo.story.turn()
        whole(page, "#messages .message", to)


def _digest(folder: Path, to: Path) -> None:
    """A digest in a channel, as a phone shows it."""
    first, days = 1_772_409_600, 17 * 7
    play = log(generate(3, first, days), parse_policy(policy_for(first, days), "the sample's policy"), 1)
    with played(play, folder) as demo, opened(demo.slack.page_url) as page:
        assert demo.slack.desk is not None
        typed = {"as": "U0ALICE", "do": "type", "in": "C0BILLING", "text": "/flow digest weekly monday 9:30"}
        assert demo.slack.desk.do(typed) == {"ok": True}
        for leap in ("morning", "hour"):
            demo.story.to(leap)
            while demo.story.shown()["busy"]:
                demo.story.turn()
        page.set_viewport_size({"width": PHONE, "height": 2400})
        show(page, "U0ALICE", "C0BILLING")
        digest = page.locator("#messages .message").last
        digest.locator("canvas").last.wait_for()
        page.wait_for_timeout(500)  # charts are drawn a moment after they are there
        part(page, [digest], to)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        _demo(Path(data) / "demo", folder / "demo.png")
        _digest(Path(data) / "digest", folder / "digest.png")
        with first_steps(Path(data)) as world, _with_page(world) as address, opened(address) as page:
            for name, take in scenes(world):
                take(page, folder / f"{name}.png")
                print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
