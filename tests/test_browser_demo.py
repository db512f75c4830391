"""`weir demo` as people run it: a process that prints an address, and the page that is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import Visit
from playwright.sync_api import Browser, expect
from program import PATIENCE, ROOT

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+/")


@contextmanager
def demo(folder: Path, *more: str) -> Iterator[str]:
    """The address of a demo that is ended with Ctrl-C; it has to end well, and to say that it ended."""
    known = {key: value for key, value in os.environ.items() if not key.startswith(("SLACK_", "GITHUB_", "WEIR_"))}
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_IN_A_TERMINAL, "demo", "--no-browser", "--port", "0", "--data", "town", *more],
        cwd=folder, env={**known, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        found = ADDRESS.search(first)
        if not found:
            process.kill()
        assert found, first + process.communicate()[1]
        yield found.group()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)[1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert process.returncode == 0, said
    assert "Stopped" in said
    assert "Traceback" not in said


_AS_IN_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from bot.__main__ import main
main()
"""
"""Ctrl-C reaches it even where the tests run in the background, and it would not."""


@contextmanager
def visit_at(browser: Browser, address: str) -> Iterator[Visit]:
    """Somebody who opens a demo's page."""
    visit = Visit(browser.new_page())
    visit.page.goto(address)
    expect(visit.said.first).to_be_visible(timeout=PATIENCE * 1000)
    yield visit
    visit.page.close()
    assert visit.complaints == []


def test_the_demo_shows_its_first_messages_ends_with_ctrl_c_and_goes_on_from_there(
    browser: Browser, tmp_path: Path
) -> None:
    with demo(tmp_path) as address, visit_at(browser, address) as visit:
        visit.page.get_by_role("button", name="Pause").click()
        visit.open("shop")
        visit.write("We were here.")
        expect(visit.newest).to_contain_text("We were here.")
    with demo(tmp_path) as address, visit_at(browser, address) as visit:
        visit.open("shop")
        expect(visit.page.locator("#messages")).to_contain_text("We were here.")
    with demo(tmp_path, "--fresh") as address, visit_at(browser, address) as visit:
        visit.open("shop")
        expect(visit.page.locator("#messages")).not_to_contain_text("We were here.")
