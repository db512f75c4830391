"""The message box and the conversations: commands with completion, messages, threads, what is unread."""

from __future__ import annotations

import re

from browser import Look
from playwright.sync_api import expect

from bot.demo import Demo


def test_a_command_is_completed_and_answered_to_oneself_alone(look: Look) -> None:
    alice = look("alice")
    box, options = alice.page.locator("#composer"), alice.page.locator("#composer-options").get_by_role("option")
    box.press_sequentially("/fl")
    expect(options).to_have_count(1)
    box.press("Tab")
    expect(box).to_have_value("/flow ")
    box.press_sequentially("he")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("/flow help")
    box.press("Enter")
    expect(box).to_have_value("/flow help ")
    expect(alice.page.locator("#composer-form .hint")).to_contain_text("/flow help")
    box.press("Enter")
    expect(alice.answer).to_contain_text("Only visible to you")
    expect(alice.answer).to_contain_text("/flow waits")
    bob = look("bob")
    expect(bob.page.locator("#messages .message")).to_have_count(0)


def test_people_and_channels_are_completed_too_and_escape_leaves_what_was_typed(look: Look) -> None:
    alice = look("alice")
    box, options = alice.page.locator("#composer"), alice.page.locator("#composer-options").get_by_role("option")
    box.press_sequentially("/flow waits @c")
    expect(options).to_have_text(["@carol"])
    box.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("/flow waits @c")
    box.press_sequentially("a")
    options.first.click()
    expect(box).to_have_value("/flow waits @carol ")
    box.press("Enter")
    expect(alice.answer).to_contain_text("Nothing waits for carol just now.")


def test_a_slip_in_a_command_is_answered_with_what_is_allowed(look: Look) -> None:
    alice = look("alice")
    alice.write("/flow wiats")
    expect(alice.answer).to_contain_text("/flow waits")


def test_a_command_that_is_not_there_is_said_beside_the_box_and_stays_in_it(look: Look) -> None:
    alice = look("alice")
    box = alice.page.locator("#composer")
    box.fill("/nothing")
    box.press("Enter")
    expect(alice.page.locator("#problem")).to_contain_text("/nothing")
    expect(box).to_have_value("/nothing")


def test_a_private_answer_is_dismissed(look: Look) -> None:
    alice = look("alice")
    alice.write("/flow waits")
    expect(alice.answer).to_contain_text("Nothing waits for you just now.")
    alice.answer.get_by_role("button", name="Dismiss message").click()
    expect(alice.answer).to_have_count(0)


def test_a_message_is_answered_in_a_thread(look: Look) -> None:
    alice, bob = look("alice"), look("bob")
    alice.write("Shall we ship <today> & *loudly*?")
    expect(bob.newest).to_contain_text("Shall we ship <today> & loudly?")
    bob.newest.hover()
    bob.newest.get_by_role("button", name="Reply in thread").click()
    thread = bob.page.get_by_role("complementary", name="Thread")
    thread.get_by_label("Reply in the thread").fill("Yes, do.")
    thread.get_by_label("Reply in the thread").press("Enter")
    expect(thread.locator(".message")).to_have_count(2)
    expect(alice.said).to_have_count(1)
    alice.page.get_by_role("button", name="1 reply to the message of alice").click()
    expect(alice.page.locator("#thread .message").last).to_contain_text("Yes, do.")
    alice.page.keyboard.press("Escape")
    expect(alice.page.locator("#thread")).to_be_hidden()


def test_what_came_meanwhile_is_counted_until_it_is_seen(look: Look) -> None:
    alice, bob = look("alice"), look("bob")
    alice.open("Weir")
    bob.write("Good morning!")
    expect(alice.room("shop").locator(".count")).to_have_text(re.compile("^1"))
    alice.open("shop")
    expect(alice.newest).to_contain_text("Good morning!")
    expect(alice.room("shop").locator(".count")).to_have_count(0)


def test_who_reads_further_up_is_told_of_new_messages_and_not_moved(look: Look, town: Demo) -> None:
    def say(line: str) -> None:
        desk = town.slack.desk
        assert desk is not None
        assert desk.do({"do": "type", "as": "U0BOB", "in": "C0SHOP", "text": line})["ok"]

    for number in range(30):
        say(f"Line {number}")
    alice = look("alice")
    expect(alice.newest).to_be_in_viewport()
    alice.page.locator("#messages").hover()
    alice.page.mouse.wheel(0, -5000)
    expect(alice.said.first).to_be_in_viewport()
    say("One more")
    pill = alice.page.get_by_role("button", name="1 new message")
    expect(pill).to_be_visible()
    expect(alice.newest).not_to_be_in_viewport()
    pill.click()
    expect(alice.newest).to_be_in_viewport()
    expect(pill).to_be_hidden()
