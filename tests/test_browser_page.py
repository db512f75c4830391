"""The page itself: one's place, its look, narrow windows, and whether everybody can use it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import FIX, Look, Visit
from playwright.sync_api import expect

GRAVE = ("serious", "critical")


def test_reloading_keeps_ones_place_and_going_back_leads_to_the_last(look: Look) -> None:
    alice = look("alice")
    alice.become("carol")
    alice.open("Weir")
    alice.page.reload()
    expect(alice.page.locator("#me")).to_contain_text("You are carol")
    expect(alice.page.locator("#room-name")).to_have_text("Weir")
    alice.open("shop")
    alice.page.go_back()
    expect(alice.page.locator("#room-name")).to_have_text("Weir")


def test_the_theme_is_turned_over_and_kept(look: Look) -> None:
    alice = look("alice", color_scheme="dark")
    body, dark = alice.page.locator("body"), _background(alice)
    alice.page.get_by_role("button", name="Theme: as the system").click()
    expect(body).not_to_have_css("background-color", dark)
    light = _background(alice)
    alice.page.reload()
    expect(body).to_have_css("background-color", light)
    alice.page.get_by_role("button", name="Theme: light").click()
    expect(body).to_have_css("background-color", dark)


def _background(visit: Visit) -> str:
    return str(visit.page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor"))


def test_in_a_narrow_window_the_sides_are_drawers(look: Look) -> None:
    alice = look("alice", viewport={"width": 390, "height": 800})
    expect(alice.page.locator("#side")).not_to_be_in_viewport()
    alice.page.get_by_role("button", name="Channels and people").click()
    expect(alice.page.locator("#side")).to_be_in_viewport()
    alice.open("Weir")
    expect(alice.page.locator("#side")).not_to_be_in_viewport()
    alice.page.locator("#host-toggle").click()
    expect(alice.page.get_by_role("complementary", name="Code host")).to_be_in_viewport()
    wide = alice.page.evaluate("document.documentElement.scrollWidth")
    assert wide == 390


def test_the_code_host_is_put_away_and_a_link_brings_it_back(look: Look) -> None:
    bob = look("bob")
    bob.ask("alice")
    bob.later("message")
    pane = bob.page.get_by_role("complementary", name="Code host")
    pane.get_by_role("button", name="Close the code host").click()
    expect(pane).to_be_hidden()
    bob.become("alice")
    bob.open("Weir")
    bob.page.get_by_role("link", name=FIX).click()
    expect(pane.get_by_role("heading", name=FIX)).to_be_focused()


def test_pausing_and_real_time_are_one_button(look: Look) -> None:
    alice = look("alice")
    alice.page.get_by_role("button", name="Real time").click()
    expect(alice.page.get_by_role("button", name="Pause")).to_be_visible()
    alice.page.get_by_role("button", name="Pause").click()
    expect(alice.page.get_by_role("button", name="Real time")).to_be_visible()
    alice.later("morning")
    expect(alice.page.locator(".clock-time")).to_have_text(re.compile("Tue .*09:00"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_using_the_page(look: Look, scheme: str) -> None:
    bob = look("bob", color_scheme=scheme)
    _expect_open_to_all(bob)
    bob.ask("alice")
    _expect_open_to_all(bob)
    bob.later("message")
    bob.become("alice")
    bob.open("Weir")
    expect(bob.newest).to_contain_text(FIX)
    bob.page.locator("#me").click()
    _expect_open_to_all(bob)
    bob.page.keyboard.press("Escape")
    bob.page.get_by_role("tab", name="Home").click()
    bob.page.get_by_role("button", name="Set hours").click()
    expect(bob.page.get_by_role("dialog")).to_be_visible()
    bob.page.get_by_label("Hours and days").fill("never")
    bob.page.get_by_role("button", name="Save").click()
    expect(bob.page.locator(".b-error")).to_be_visible()
    _expect_open_to_all(bob)


def _expect_open_to_all(visit: Visit) -> None:
    """What axe finds grave on the page as it is: nothing."""
    found: list[dict[str, Any]] = Axe().run(visit.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in GRAVE] == []
