"""A nudge as people meet it on the page: it arrives, is answered, and settles with the work."""

from __future__ import annotations

import re

from browser import FIX, Look, Visit
from playwright.sync_api import expect

from bot.demo import Demo

WAITS = "has waited 3h for your review"
NAMED = f"{FIX} · acme/shop#101"


def nudged(look: Look) -> Visit:
    """alice before a nudge: bob asked her for a review at nine, and nobody is in her way now."""
    visit = look("bob")
    visit.ask("alice")
    visit.later("message")
    visit.become("alice")
    visit.open("Weir")
    expect(visit.newest).to_contain_text(WAITS)
    return visit


def test_a_review_asked_for_by_hand_is_nudged_when_its_time_comes_and_others_see_that_it_is_unread(look: Look) -> None:
    bob = look("bob")
    bob.ask("alice")
    bob.later()
    bob.later()
    expect(bob.page.locator(".news")).to_be_empty()
    bob.later()
    expect(bob.page.locator("#clock").get_by_role("status")).to_have_text("New for alice")
    expect(bob.page.get_by_role("button", name="alice 1 unread")).to_be_visible()
    expect(bob.page.locator(".toast-open")).to_have_count(0)
    bob.page.get_by_role("button", name="alice 1 unread").click()
    toast = bob.page.locator(".toast-open")
    expect(toast).to_contain_text(f"{FIX} (acme/shop#101) {WAITS}")
    toast.click()
    expect(bob.newest).to_contain_text(NAMED)
    expect(bob.room("Weir").locator(".count")).to_have_count(0)


def test_on_it_is_said_to_the_one_who_pressed_and_stands_in_the_message(look: Look) -> None:
    alice = nudged(look)
    alice.newest.get_by_role("button", name="On it").click()
    expect(alice.answer).to_contain_text("You are on it until")
    expect(alice.newest).to_contain_text("(edited)")
    expect(alice.newest.get_by_role("button", name="On it")).to_have_count(0)
    expect(alice.newest.get_by_label("Change")).to_be_visible()
    alice.answer.get_by_role("button", name="Dismiss message").click()
    expect(alice.answer).to_have_count(0)


def test_a_snooze_is_chosen_from_a_menu_and_can_be_changed(look: Look) -> None:
    alice = nudged(look)
    alice.newest.get_by_label("Snooze").select_option("Tomorrow morning")
    expect(alice.newest).to_contain_text("Tuesday 09:00")
    alice.newest.get_by_label("Change").select_option("On it")
    expect(alice.newest).to_contain_text("On it until Monday 17:00.")


def test_an_approval_on_the_code_host_settles_the_message(look: Look) -> None:
    alice = nudged(look)
    alice.page.get_by_role("link", name=FIX).click()
    alice.act("approve")
    expect(alice.newest).to_contain_text("reviewed after 3h, thank you")
    expect(alice.newest.locator("s, del")).to_have_text(f"{FIX} · acme/shop#101")
    expect(alice.newest.get_by_role("button", name=re.compile("On it|Snooze|Wrong|Hand over"))).to_have_count(0)
    expect(alice.page.locator(".pull-full")).to_contain_text("✓ 1 approved")
    alice.become("bob")
    alice.act("merge")
    expect(alice.page.locator(".pull-full .state")).to_have_text("Merged")


def test_a_review_is_handed_over_and_the_code_host_asks_the_other_one(look: Look) -> None:
    alice = nudged(look)
    alice.newest.get_by_label("Hand over").select_option("carol")
    expect(alice.answer).to_contain_text(f"{FIX} is carol's now: they are asked on the code host")
    expect(alice.newest).to_contain_text("handed on")
    alice.page.get_by_role("button", name="All pull requests").click()
    expect(alice.page.locator(".pull")).to_contain_text("asked: carol")


def test_what_is_done_elsewhere_is_on_the_code_host_at_once_and_offers_what_can_follow(look: Look, town: Demo) -> None:
    bob = look("bob")
    bob.ask("alice")
    expect(bob.page.locator(".acts [data-key=merge]")).to_have_count(0)
    town.story.act("alice", "approve", repo="acme/shop", number=101)
    expect(bob.page.locator(".acts [data-key=merge]")).to_be_visible()
    town.story.act("carol", "close", repo="acme/shop", number=101)
    expect(bob.page.locator(".pull-full .state")).to_have_text("Closed")
    bob.act("reopen")
    expect(bob.page.locator(".pull-full .state")).to_have_text("Open")


def test_two_people_see_at_once_what_the_other_does(look: Look) -> None:
    alice, bob = look("alice"), look("bob")
    bob.ask("alice")
    expect(alice.page.locator(".pull")).to_contain_text(FIX)
    bob.later("message")
    alice.open("Weir")
    expect(alice.newest).to_contain_text(WAITS)
    bob.page.get_by_role("button", name="Close", exact=True).click()
    expect(alice.newest).to_contain_text("closed")
    bob.open("shop")
    alice.open("shop")
    bob.write("I split it in two.")
    expect(alice.newest).to_contain_text("I split it in two.")


def test_everything_is_in_reach_of_the_keyboard(look: Look) -> None:
    bob = look("bob")
    bob.ask("alice")
    bob.later("message")
    keys = bob.page.keyboard
    bob.page.locator("#me").focus()
    keys.press("Enter")
    keys.press("a")
    keys.press("Enter")
    expect(bob.page.locator("#me")).to_contain_text("You are alice")
    _tab_to(bob, "^WeirApp")
    keys.press("Enter")
    expect(bob.newest).to_contain_text(WAITS)
    _tab_to(bob, "On it", back=True)
    keys.press("Enter")
    expect(bob.newest).to_contain_text("(edited)")
    expect(bob.answer).to_be_visible()
    _tab_to(bob, "Dismiss message", back=True)
    keys.press("Enter")
    expect(bob.answer).to_have_count(0)


def _tab_to(visit: Visit, name: str, *, back: bool = False) -> None:
    """Press Tab until the button whose words are such has the focus."""
    focused = visit.page.locator("button:focus", has_text=re.compile(name))
    for _ in range(60):
        visit.page.keyboard.press("Shift+Tab" if back else "Tab")
        if focused.count():
            return
    raise AssertionError(f"{name} is out of the keyboard's reach")
