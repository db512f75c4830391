"""What whoever answers or asks is told, whatever names and titles may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from test_views import _NASTY, _WAITINGS, BERLIN, NOW, keeps_the_limits, one

from bot.views import handover, replies
from bot.views.calling import Called, Ear, called
from bot.views.controls import menu, pressed, row, take
from bot.views.message import section
from bot.views.phrases import Reply, Waiting

NAMES = _NASTY.filter(bool)
EARS = st.builds(Ear, NAMES, st.booleans(), st.none() | st.integers(NOW - 9, NOW + 10**8), st.booleans())


@given(_WAITINGS, NAMES, NAMES, st.none() | _NASTY)
def test_each_answer_fits_whatever_comes_from_outside(
    waitings: list[Waiting], name: str, other: str, why: str | None
) -> None:
    for waiting in waitings[:3]:
        for message in (
            replies.whom(waiting), replies.handed_over(waiting, name, why), replies.handed_in_part(waiting, name, why),
            replies.author_asked(waiting, name, other, BERLIN, NOW, NOW, is_new=True),
            replies.ask_yourself(waiting, name), replies.author_out_of_reach(waiting, why, name),
            replies.handed_already(name), replies.yours(waiting, why),
            handover.handover(waiting, name, other), handover.settled(waiting, NOW), handover.settled(None, NOW),
        ):  # fmt: skip
            assert keeps_the_limits(message)
            assert len(message.blocks[0]["text"]["text"]) <= 3_000


@given(NAMES, _NASTY, st.none() | st.just(NOW - 60), st.lists(EARS, min_size=1, max_size=30))
def test_the_answer_to_an_author_s_call_fits(name: str, title: str, asked: int | None, ears: list[Ear]) -> None:
    told = Called(f"acme/{name}", 2**53, title, f"https://x/{title}", asked, tuple(ears))
    assert keeps_the_limits(called(told, BERLIN, NOW))


@given(_WAITINGS)
def test_every_control_tells_its_wait_when_it_is_pressed(waitings: list[Waiting]) -> None:
    for waiting in waitings:
        for block in [*row(waiting), menu(waiting, section("x")), *take(waiting)]:
            for control in block.get("elements") or [block.get("accessory")]:
                if control is None or control["type"] == "users_select":
                    continue
                groups = control.get("option_groups") or [control]
                options = [option for group in groups for option in group.get("options", [])]
                for chosen in options or [None]:
                    press = pressed({**control, "block_id": block["block_id"], "selected_option": chosen})
                    assert press is not None
                    assert press.wait_id == waiting.id


def test_each_answer_has_its_words() -> None:
    until = NOW + 3600
    assert [
        replies.noted(Reply(*told), seen_by, BERLIN, NOW).text
        for told, seen_by in (
            (("on_it", None, until), "bob"), (("on_it", None, until), None), (("snooze", None, until), "bob"),
            (("wrong", "too_early", None), "bob"),
        )
    ] == [
        "You are on it until Tuesday 16:00; bob can see that.",
        "You are on it until Tuesday 16:00.",
        "You hear of it again on Tuesday 16:00.",
        "Thank you, noted (too early): you hear no more of this one.",
    ]  # fmt: skip


def test_nothing_can_be_pressed_about_a_wait_that_is_not_kept() -> None:
    assert (row(one()), menu(one(), section("x")), take(one(team=True))) == ([], section("x"), [])
