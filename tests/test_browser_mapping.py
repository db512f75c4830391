"""A value stream mapped on the page: in a channel's thread, and by typing in the direct conversation."""

from __future__ import annotations

from browser import Look
from playwright.sync_api import expect

LINE = "idea (wait, @bob, opened, 8h) -> coding (active, authors, draft, no target) -> live (merged)"
WIN = "We win when an order is paid in one step for small shops"


def test_people_map_a_stream_in_the_thread_by_mentions_and_buttons(look: Look) -> None:
    alice = look("alice")
    alice.open("shop")
    alice.write("/flow map Shop")
    expect(alice.answer).to_contain_text("everybody can take part, in the thread of my message")
    expect(alice.newest).to_contain_text("Everybody here may answer")
    alice.newest.get_by_role("button", name="Reply in thread").click()
    thread = alice.page.get_by_role("complementary", name="Thread")
    for words, next_question in ((f"@Weir {LINE}", "when do they win?"), (f"@Weir {WIN}", "What starts an item")):
        box = thread.get_by_label("Reply in the thread")
        box.fill(words)
        box.press("Enter")
        expect(thread.locator(".message").last).to_contain_text(next_question)
    thread.locator(".message").last.get_by_role("button", name="Skip").click()
    expect(thread.locator(".message").last).to_contain_text("north-star metric")
    bob = look("bob")
    bob.open("shop")
    expect(bob.newest).to_contain_text("✓ alice: idea (wait")


def test_one_maps_by_just_typing_to_weir_and_is_told_what_it_understands_where_nothing_is_open(look: Look) -> None:
    alice = look("alice")
    alice.open("Weir")
    alice.page.get_by_role("tab", name="Messages").click()
    alice.write("hello")
    expect(alice.newest).to_contain_text("Nothing is open here that I could take that for.")
    alice.write("/flow map Shop")
    expect(alice.newest).to_contain_text("by a button or just by typing")
    alice.write(LINE)
    expect(alice.newest).to_contain_text("when do they win?")
