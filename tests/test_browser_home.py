"""The app's home: what it shows, and its windows with their errors."""

from __future__ import annotations

from browser import Look, Visit
from playwright.sync_api import Locator, expect


def at_home(look: Look) -> Visit:
    """alice in Weir's home."""
    visit = look("alice")
    visit.open("Weir")
    visit.page.get_by_role("tab", name="Home").click()
    expect(visit.page.locator("#home")).to_contain_text("Hours")
    return visit


def window(visit: Visit, button: str) -> Locator:
    """The window that a button of the home opens."""
    visit.page.locator("#home").get_by_role("button", name=button).click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_hours_that_cannot_be_read_are_said_at_their_field_and_right_ones_stand_at_home(look: Look) -> None:
    alice = at_home(look)
    dialog = window(alice, "Set hours")
    field = dialog.get_by_label("Hours and days")
    expect(field).to_be_focused()
    field.fill("whenever I like")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert").filter(has_text="whenever")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value("whenever I like")
    field.fill("8-12 Mon-Thu")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(alice.page.locator("#home")).to_contain_text("Mon-Thu 08:00-12:00 (Europe/Berlin)")


def test_an_empty_field_is_not_sent_off(look: Look) -> None:
    dialog = window(at_home(look), "Set hours")
    field = dialog.get_by_label("Hours and days")
    field.fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".b-error")).to_have_count(1)
    expect(field).to_have_attribute("aria-invalid", "true")


def test_escape_closes_a_window_and_nothing_is_changed(look: Look) -> None:
    alice = at_home(look)
    dialog = window(alice, "Set hours")
    dialog.get_by_label("Hours and days").fill("8-12 Mon-Thu")
    alice.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    alice.page.reload()
    expect(alice.page.locator("#home")).to_contain_text("Mon-Fri 09:00-17:00")


def test_days_away_are_picked_and_stand_at_home(look: Look) -> None:
    alice = at_home(look)
    dialog = window(alice, "Going away")
    expect(dialog.get_by_label("First day away")).to_have_value("2026-03-02")
    dialog.get_by_label("Last day away").fill("2026-03-01")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".b-error")).to_be_visible()
    dialog.get_by_label("Last day away").fill("2026-03-04")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(alice.page.locator("#home")).to_contain_text("through Wednesday 4 March")


def test_messages_of_the_app_are_a_tab_away_by_arrow_keys(look: Look) -> None:
    alice = at_home(look)
    alice.page.get_by_role("tab", name="Home").press("ArrowRight")
    expect(alice.page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")
    expect(alice.page.locator("#messages")).to_be_visible()
    alice.page.keyboard.press("ArrowLeft")
    expect(alice.page.locator("#home")).to_contain_text("Hours")
