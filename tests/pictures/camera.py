"""A headless Chromium that photographs what stands on the workspace's page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

WIDTH, WIDE = 760, 1280
EDGE = 6
"""Pixels around what is photographed."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser_path() -> str | None:
    """Where a Chromium is installed; None where none is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def opened(address: str) -> Iterator[Page]:
    """The page at an address, wide as a conversation, as Slack's light side. Raises FileNotFoundError."""
    path = browser_path()
    if path is None:
        raise FileNotFoundError(f"no browser; one of {', '.join(NAMES)} takes the pictures")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=_size(2400), color_scheme="light", reduced_motion="reduce")
        page.goto(address)
        yield page
        browser.close()


def show(page: Page, user: str, conversation: str, tab: str = "messages") -> None:
    """Look at a conversation (or the app's home) as somebody."""
    address = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(f"{address}#as={user}&in={conversation}&tab={tab}")


def whole(page: Page, ready: str, to: Path, width: int = WIDE, height: int = 800) -> None:
    """The page as it comes up on a screen, once something (by its selector) is there."""
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    page.locator(ready).last.wait_for()
    page.screenshot(path=to)


def part(page: Page, shown: list[Locator], to: Path) -> None:
    """What is shown, one below the other, with a little room around."""
    boxes = [box for one in shown if (box := one.bounding_box())]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    page.screenshot(
        path=to, clip={"x": left, "y": top - EDGE, "width": right - left, "height": bottom - top + 2 * EDGE}
    )


def _size(height: int) -> ViewportSize:
    return {"width": WIDTH, "height": height}
