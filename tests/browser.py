"""A headless Chromium, a small world behind the page, and what a person does there; the fixtures of the page's tests.

Where no Chromium is installed the tests are skipped and say so; with CI or WEIR_BROWSER=1 set that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright
from world import MONDAY, POLICY

from bot.demo import Demo, Play, opened
from bot.policy import parse_policy
from bot.world.cast import Cast, Member
from bot.world.script import Repository, Script

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20_000
"""Milliseconds after which a test gives up waiting for what a person would see at once."""
ALONE = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
"""Nothing but this machine is reached: what the page wants from elsewhere is an error in its console."""
ROOM, WIDTH, HEIGHT = "shop", 1360, 900
PEOPLE = ("alice", "bob", "carol")
QUICK = POLICY.replace('review = "8h"', 'review = "4h"').replace("C0TEAM", "C0SHOP") + "[nudges]\nmorning = false\n"
FIX = "Fix rounding in totals"

expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a module: the loop that Playwright runs must not outlive them."""
    found = chromium()
    if found is None:
        say = f"no browser is installed (one of {', '.join(NAMES)}), so the page's tests can't run"
        if os.environ.get("CI") or os.environ.get("WEIR_BROWSER") == "1":
            pytest.fail(say)
        pytest.skip(say)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(ALONE))
        yield running
        running.close()


def small_play() -> Play:
    """Three people, one repository, and nothing that comes by itself; Monday, nine o'clock in Berlin."""
    policy = parse_policy(QUICK, "test.toml")
    members = tuple(Member(f"U0{name.upper()}", name, name, "Europe/Berlin") for name in PEOPLE)
    script = Script((), MONDAY + 30 * 86_400, (Repository("acme/shop", PEOPLE, {"shop-team": PEOPLE}),))
    return Play({"test": 1}, script, Cast(policy, members, {"C0SHOP": ROOM}), MONDAY)


@pytest.fixture
def town(tmp_path: Path, sqlite_template: Path) -> Iterator[Demo]:
    """The small world with the whole program behind it; its clock stands until somebody moves it."""
    folder = tmp_path / "town"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "weir.db")
    with opened(small_play(), folder) as demo:
        demo.story.start()
        demo.story.to("pause")
        yield demo


@dataclass
class Visit:
    """Somebody before the page."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the browser had to complain of: errors, refused content."""

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    # Where one is.

    def become(self, name: str) -> None:
        """Choose who one is, at the top left."""
        self.page.locator("#me").click()
        self.page.locator(f'.people button[data-name="{name}"]').click()
        expect(self.page.locator("#me")).to_contain_text(f"You are {name}")

    def open(self, room: str) -> None:
        """Open a channel, or `Weir`."""
        self.page.get_by_role("navigation").get_by_role("button", name=re.compile(rf"\b{room}\b")).click()
        expect(self.page.locator("#room-name")).to_have_text(re.compile(rf"{room}$"))

    # What one does.

    def write(self, line: str) -> None:
        """Type a line into the message box, and send it."""
        box = self.page.locator("#composer")
        box.press_sequentially(line)
        if self.page.locator("#composer-options").is_visible():
            box.press("Escape")
        box.press("Enter")
        expect(box).to_have_value("")

    def later(self, leap: str = "hour") -> None:
        """Move the world's clock on, and wait until it stands."""
        time, before = self.page.locator(".clock-time"), self.page.locator(".clock-time").inner_text()
        self.page.locator(f".clock-buttons [data-key={leap}]").click()
        expect(time).not_to_have_text(before)
        expect(self.page.locator(".clock-busy.is-busy")).to_have_count(0)

    def ask(self, *reviewers: str, title: str = FIX) -> None:
        """Open a pull request in the code host, and ask for reviews."""
        pane = self.page.get_by_role("complementary", name="Code host")
        back = pane.get_by_role("button", name="All pull requests")
        if back.is_visible():
            back.click()
        pane.get_by_role("button", name="New").click()
        pane.get_by_label("Title").fill(title)
        for reviewer in reviewers:
            pane.get_by_label(reviewer, exact=True).check()
        pane.get_by_role("button", name="Open it").click()
        expect(pane.get_by_role("heading", name=title)).to_be_visible()

    def act(self, act: str) -> None:
        """Press what can be done to the pull request that is open in the code host."""
        self.page.locator(f".acts [data-key={act}]").click()

    # What one sees.

    @property
    def said(self) -> Locator:
        """The messages of the open conversation, but for answers to oneself alone."""
        return self.page.locator("#messages .message:not(.private)")

    @property
    def answer(self) -> Locator:
        """The newest answer to oneself alone."""
        return self.page.locator("#messages .message.private").last

    @property
    def newest(self) -> Locator:
        return self.said.last

    def room(self, name: str) -> Locator:
        """Its line at the left."""
        return self.page.locator(".rooms li").filter(has=self.page.get_by_text(name, exact=True))


Look = Callable[..., Visit]


@pytest.fixture
def look(browser: Browser, town: Demo) -> Iterator[Look]:
    """`look("alice")` opens the page as somebody; nothing may be complained of by the end of the test."""
    visits: list[Visit] = []
    contexts: list[BrowserContext] = []

    def begin(name: str = "alice", **how: Any) -> Visit:
        contexts.append(browser.new_context(**{"viewport": {"width": WIDTH, "height": HEIGHT}, **how}))
        contexts[-1].set_default_timeout(PATIENCE)
        visits.append(Visit(contexts[-1].new_page()))
        visits[-1].page.goto(f"{town.slack.page_url}#as=U0{name.upper()}")
        expect(visits[-1].page.locator("#me")).to_contain_text(f"You are {name}")
        return visits[-1]

    yield begin
    for context in contexts:
        context.close()
    assert [complaint for visit in visits for complaint in visit.complaints] == []
