"""`/flow outcomes`, `outcome`, `result`, `trace` and `untrace`: every answer whole; and the chain in `/flow why`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from doors import asked
from fake_slack import FakeSlack, content_error
from program import wait_until
from site_on_loopback import Site, serve, settings, web
from sqlalchemy import Engine
from test_streams import SHOP, Mill
from test_streams_command import NOT_ADMIN, Desk, shown
from world import POLICY, World

from bot.flow.stream import Segment
from bot.flow.value import LABEL, KeyResult, Outcome, Trace
from bot.local import payloads
from bot.store import streams, value
from bot.store.engine import writing
from bot.views.tracing import Chain, chain

MAPPED = SHOP._replace(outcome="We win when it ships", segments=(Segment("Everybody"),))
SITE = "https://github.com/acme/shop/pull"
WHO = "Slack's administrators and owners, and those they name, can say so; `/flow admins` lists who they named."
NOTE = "*Verified* means that a number moved the way it was to move. An item may be for several outcomes."


class Patient(Desk):
    """A desk that waits for what a busy machine is late with."""

    def flow(self, words: str, user: str = "U0ALICE") -> dict[str, Any]:
        reply = asked(self.site, self.slack, words, user)
        assert content_error(reply) is None
        return reply


@pytest.fixture
def desk(quick_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    with FakeSlack() as slack:
        slack.add_user("U0ALICE", is_admin=True)
        slack.add_user("U0BOB")
        world = World(quick_engine, slack)
        world.set_policy(POLICY)
        ctx = replace(world.ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            yield Patient(Mill(world), Site(ctx, port, slack.response_url))


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Where Shop is mapped."""
    desk.mill.save(MAPPED)
    return desk


def confirmed(desk: Desk, words: str) -> dict[str, Any]:
    return desk.press(desk.flow(words), "Confirm")


def done(desk: Desk, item: int, *labels: str) -> None:
    title, url = f"Fix {item}", f"{SITE}/{item}"
    desk.mill.tell("opened", item, type="pull_request", draft=False, labels=list(labels), title=title, url=url)
    desk.mill.later(1)
    desk.mill.tell("merged", item)


def typed(desk: Desk, told: dict[str, Any], text: str | None, user: str = "U0BOB", *, enter: bool = False) -> str:
    """Type into an answer's input and press Enter or Save; what is said to that."""
    asked, row = next((told["blocks"][n : n + 2] for n, one in enumerate(told["blocks"]) if one["type"] == "input"))
    element, before = asked["element"], (len(desk.slack.replaced), len(desk.slack.whispers))
    values = {asked["block_id"]: {element["action_id"]: {"type": element["type"], "value": text}}}
    button = row["elements"][0]
    action = {"action_id": element["action_id"], "block_id": asked["block_id"], "type": element["type"], "value": text}
    save = {"action_id": button["action_id"], "block_id": row["block_id"], "type": "button", "value": button["value"]}
    place = {"id": told.get("channel") or "C0TEAM", "name": "shop"}
    kept = told if "ts" in told else {**told, "ts": "1772000000.000001", "private": True}
    sent = payloads.press_in_message(
        action if enter else save, user, "1.2.abc", kept, place, desk.slack.response_url, values
    )
    assert desk.site.send_interaction(sent).status == 200

    def said() -> list[dict[str, Any]]:
        return [*desk.slack.replaced[before[0] :], *desk.slack.whispers[before[1] :]]

    wait_until(said)
    return str(said()[-1]["text"])


# Outcomes


def test_without_a_stream_it_is_said_how_one_comes_about(desk: Desk) -> None:
    assert shown(desk.flow("outcomes")) == [
        "No value stream is mapped yet. `/flow map NAME` maps one, and asks what it is for."
    ]
    assert desk.flow("outcome Shop We win")["text"] == (
        "No value stream is mapped yet, and outcomes are those of value streams. /flow map maps one."
    )


def test_where_nothing_is_said_yet_it_is_said_how(desk: Desk) -> None:
    desk.mill.save(SHOP)
    assert shown(desk.flow("outcomes")) == [
        "Nothing is said yet of what work is for. `/flow outcome STREAM WORDS` says what a value stream is for, and "
        "`/flow result` gives that a number that is to move; `/flow help outcome` and `/flow help result` have "
        "examples."
    ]


def test_outcomes_stand_with_their_key_results_and_the_work_traced_to_them(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days by 2026-06-30 <@U0BOB>")
    confirmed(shop, "outcome Shop Back: We win when they come back")
    confirmed(shop, "trace label cart Speed")
    shop.flow("result Speed 40", "U0BOB")
    for item, labels in ((1, ["cart"]), (2, []), (3, [])):
        done(shop, item, *labels)
    told = shop.flow("outcomes", "U0BOB")
    assert shown(told) == [
        "*Shop* · for Everybody\nWe win when it ships\n"
        "• *Speed*: from 45 days to 30 days by Tuesday 30 June. "
        "Verified: *40 days* today, by <@U0BOB>, 33% of the way.\n"
        "1 of 3 items done in the last 90 days (33%) is traced to it.",
        "*Back* · an outcome of Shop · for Everybody\nWe win when they come back\n"
        "No key result yet, so nothing can verify it.\n0 of 3 items done in the last 90 days (0%) are traced to it.",
        "Shop: 2 of 3 items done in the last 90 days (67%) are traced to no outcome.",
        NOTE,
        "[What is traced to nothing]",
    ]
    assert shown(shop.press(told, "What is traced to nothing")) == [
        "These say what work is for, besides links that people give:\n• label cart → *Speed*",
        "Shop: 2 of 3 items done in the last 90 days (67%) are traced to no outcome.",
        f"Latest done that is traced to nothing:\n• <{SITE}/3|Fix 3> (acme/shop#3)\n• <{SITE}/2|Fix 2> (acme/shop#2)",
        "`/flow trace ITEM OUTCOME` links one item with all below it, `/flow trace label NAME OUTCOME` everything with "
        "a label.",
    ]


def test_many_outcomes_come_in_pages_that_fit_a_message(shop: Desk) -> None:
    with writing(shop.mill.world.engine) as session:
        workspace, now = shop.mill.world.ctx().workspace, shop.mill.world.now
        key = streams.every(session, workspace)[0].key
        for n in range(12):
            value.put_outcome(session, workspace, key, f"{n:02} {'<&>' * 19}", "We win & <win> " * 20, now + n)
        for outcome in value.outcomes(session, workspace):
            for n in range(8):
                name = f"{outcome.name[:2]} {n} {'x' * 50}"
                one = KeyResult(name, outcome.id, name, "orders", Decimal(1), Decimal(2), None, "U0BOB", now)
                value.put_result(session, workspace, one)
    told = shop.flow("outcomes")
    assert sum("an outcome of Shop" in line for line in shown(told)) == 9, "and Shop's own"
    assert sum("an outcome of Shop" in line for line in shown(shop.press(told, "Later"))) == 3


def test_one_streams_outcomes_are_shown_alone(shop: Desk) -> None:
    shop.mill.save(SHOP._replace(name="Other", outcome="We win elsewhere"))
    assert "elsewhere" not in shop.flow("outcomes shop")["text"]
    assert shop.flow("outcomes Shap")["text"].endswith("Did you mean “Shop”?")


def test_a_streams_own_outcome_is_a_version_of_its_map(shop: Desk) -> None:
    tried = shop.flow('outcome Shop We win when it isn\'t late "at all"')
    assert shown(tried) == [
        "*Shop* would be: We win when it isn't late at all",
        "So far: We win when it ships",
        "[Confirm] [Leave it]",
    ]
    assert shown(shop.press(tried, "Confirm")) == [
        "*Shop* is said. A key result, a number that is to move, makes it one that can be verified.",
        "[Show outcomes]",
    ]
    assert "*2* outcome We win when it ships → We win when it isn't late at all" in shown(
        shop.flow("stream Shop history")
    )[1]  # fmt: skip
    assert "Somebody saved version 2" in shop.press(tried, "Confirm")["text"]


@pytest.mark.parametrize(
    "words", ["We win when this comes true: they stay", "everybody who ever bought here does so again: twice"]
)
def test_a_colon_within_what_is_said_ends_no_name(shop: Desk, words: str) -> None:
    assert shown(shop.flow(f"outcome Shop {words}"))[0] == f"*Shop* would be: {words}"


def test_an_outcome_is_named_reworded_and_dropped(shop: Desk) -> None:
    assert shown(shop.flow('outcome Shop "Coming back": We win twice')) == [
        "*Coming back*, an outcome of Shop: We win twice",
        "[Confirm] [Leave it]",
    ]
    confirmed(shop, "outcome Shop Coming back: We win twice")
    confirmed(shop, "result coming back Loyalty 1 to 2")
    assert shown(shop.flow("outcome coming back We win thrice"))[:2] == [
        "*Coming back* would be: We win thrice",
        "So far: We win twice",
    ]
    confirmed(shop, "outcome coming back We win thrice")
    dropping = shop.flow("outcome Coming back drop")
    assert shown(dropping)[0] == (
        "*Coming back* would be dropped with its 1 key result. Work that is traced to it would be traced to nothing by "
        "that."
    )
    assert shop.press(dropping, "Confirm")["text"] == "Coming back is dropped."
    assert "Loyalty" not in shop.flow("outcomes")["text"]
    log = shown(shop.flow("log"))
    assert [line.split("\n")[0] for line in log[1:5]] == [
        "outcome Coming back: *We win thrice → not set*",
        "outcome Coming back: *We win twice → We win thrice*",
        "key result Loyalty: *not set → 1 to 2, for Coming back*",
        "outcome Coming back: *not set → We win twice*",
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [("outcome Shap We win", "I know no value stream or outcome “Shap We win”."),
     ("outcome Shop drop", "“Shop” is a value stream, and what it is for stands in its map."),
     ("outcome Shop Back:", "What “Back” is for is missing behind the colon."),
     ("outcome Shop Shop: We win", "There is something called “Shop” already; names mean one thing."),
     ("outcome Shop Speed: We win", "There is something called “Speed” already; names mean one thing."),
     ("outcome Speed We win", "“Speed” is a key result. /flow result changes those."),
     ("outcome Shop " + "x" * 301, "can't be kept: allowed are up to 300 characters."),
     ("outcome Shop " + "x" * 61 + ": We win", "can't be kept: allowed are up to 60 characters on one line")],
)  # fmt: skip
def test_what_can_be_no_outcome_is_said_in_a_line(shop: Desk, words: str, problem: str) -> None:
    confirmed(shop, "result Shop Speed 1 to 2")
    assert problem in shop.flow(words)["text"]


def test_only_administrators_say_what_work_is_for_and_others_see_what_that_would_be(shop: Desk) -> None:
    for words in ("outcome Shop We win", "result Shop Speed 1 to 2", "trace label cart Shop"):
        told = shown(shop.flow(words, "U0BOB"))
        assert told[-1] == WHO
        pressed = shop.press(shop.flow(words), "Confirm", "U0BOB")
        assert pressed["text"] == NOT_ADMIN
    assert shop.flow("untrace label cart", "U0BOB")["text"] == NOT_ADMIN


# Key results


def test_a_key_result_is_shown_first_and_set_once_it_is_confirmed(shop: Desk) -> None:
    tried = shop.flow('result Shop "Returning customers" 21 to 35% by 2026-06-30 <@U0BOB>')
    assert shown(tried) == [
        "*Returning customers*, for Shop: from 21% to 35% by Tuesday 30 June.",
        "<@U0BOB> would be asked for its number once a month, in their working hours.",
        "[Confirm] [Leave it]",
    ]
    assert shop.press(tried, "Confirm")["text"] == (
        "Returning customers is set: from 21% to 35% by Tuesday 30 June. <@U0BOB> is asked for its number once a "
        "month, from next month on."
    )
    again = shop.flow("result Returning customers 20 to 40 <@U0ALICE>")
    assert shown(again) == [
        "*Returning customers*, for Shop: from 20% to 40% by Tuesday 30 June.",
        "<@U0ALICE> would be asked for its number once a month, in their working hours.",
        "So far: from 21% to 35% by Tuesday 30 June, asked of <@U0BOB>.",
        "[Confirm] [Leave it]",
    ]
    assert shop.press(again, "Confirm")["text"].startswith("Returning customers is set: from 20% to 40%")


def test_an_owner_gives_numbers_and_sees_the_ones_before(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days <@U0BOB>")
    assert shop.flow("result Speed", "U0ALICE")["blocks"][0]["text"]["text"] == (
        "*Speed*, from 45 days to 30 days, for Shop.\nNot verified: no number was given since it began at 45 days.\n"
        "<@U0BOB> is asked for its number once a month."
    )
    assert shop.flow("result speed 44 days", "U0BOB")["text"] == (
        "Thank you. Speed, from 45 days to 30 days. Verified: 44 days today, by <@U0BOB>, 7% of the way."
    )
    shop.mill.world.clock.advance(days=2)
    told = shop.flow("result Speed", "U0BOB")
    assert typed(shop, told, " 47 ", enter=True).endswith(
        "47 days today, by <@U0BOB>, farther away than at the beginning."
    )
    assert typed(shop, told, "30").endswith("Reached, and so verified: 30 days today, by <@U0BOB>.")
    assert (
        "Numbers, latest first: 30 days (today, <@U0BOB>), 47 days (today, <@U0BOB>), 44 days (on Monday 2 March"
        in (shop.flow("result Speed")["text"])
    )


def test_nonsense_another_unit_and_the_same_again_are_answered_in_a_line(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days <@U0BOB>")
    told = shop.flow("result Speed", "U0BOB")
    assert typed(shop, told, "many") == (
        "“many” is no number. Allowed is a number such as 24, 0.5 or 1,200, and its unit before or behind it: 21%, "
        "€3.20, 4 days."
    )
    assert typed(shop, told, None) == "The number is missing."
    assert typed(shop, told, "4 hours") == (
        "Speed is counted in days; “4 hours” says something else. The number alone will do."
    )
    assert typed(shop, told, "40").startswith("Thank you.")
    assert typed(shop, told, "40 days") == "That number is noted already, thank you."
    assert typed(shop, told, "41").startswith("Thank you."), "a number can be put right"


def test_a_number_is_taken_from_its_owner_or_an_administrator_alone(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days")
    assert shop.flow("result Speed 40", "U0BOB")["text"] == (
        "Speed is asked of somebody else; its owner, or an administrator, gives its number."
    )
    assert "input" not in {block["type"] for block in shop.flow("result Speed", "U0BOB")["blocks"]}
    told = shop.flow("result Speed", "U0ALICE")
    assert typed(shop, told, "40", "U0ALICE").startswith("Thank you.")


def test_a_number_for_what_was_dropped_is_not_needed(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days <@U0BOB>")
    told = shop.flow("result Speed", "U0BOB")
    dropping = shop.flow("result Speed drop")
    assert shown(dropping)[0] == (
        "*Speed* would be dropped: nobody is asked for its number any more. Work that is traced to it still counts for "
        "Shop."
    )
    shop.press(dropping, "Confirm")
    assert typed(shop, told, "40").startswith("That key result is no longer there")


@pytest.mark.parametrize(
    ("words", "problem"),
    [("result Nothing 1 to 2", "I know no key result or outcome “Nothing 1 to 2”."),
     ("result", "NAME is missing."), ("result Shop", "The name of a key result of “Shop” is missing."),
     ("result Shop 1 to 2", "The numbers it begins with and is to come to are missing, such as 21 to 35%."),
     ("result Shop Speed", "The numbers it begins with and is to come to are missing, such as 21 to 35%."),
     ("result Shop Speed 5", "The numbers it begins with and is to come to are missing, such as 21 to 35%."),
     ("result Shop Speed 5 to 5 days", "It begins at 5 days and is to come to the same."),
     ("result Shop Speed 5 to", "The number behind “to” is missing."),
     ("result Shop Speed 5 to many", "“many” is no number."),
     ("result Shop Speed 5% to 6 days", "“5% to 6 days” has two units."),
     ("result Shop Speed 5 to 6 by", "The day behind “by” is missing."),
     ("result Shop Speed 5 to 6 by never", "“never” is no day that I can make out."),
     ("result Shop Speed 5 to 6 by 2020-01-01", "“2020-01-01” is over: today is 2026-03-02."),
     ("result Shop Speed 5 to 6 <@U0BOB> <@U0ALICE>", "That names more than one person"),
     ("result Shop Speed 5 to 6 <@U0NOBODY>", "Slack knows nobody by that account."),
     ("result Shop Age 1 to 2", "There is something called “Age” already; names mean one thing."),
     ("result Age 3 to 4 hours", "Numbers were given in days; they would mean something else."),
     ("result Shop Drop drop", "The numbers it begins with and is to come to are missing")],
)  # fmt: skip
def test_what_can_be_no_key_result_is_said_in_a_line(shop: Desk, words: str, problem: str) -> None:
    confirmed(shop, "outcome Shop Other: We win")
    confirmed(shop, "result Other Age 9 to 5 days")
    shop.flow("result Age 8")
    assert problem in shop.flow(words)["text"]


# Traces


def test_a_rule_says_how_much_work_it_would_trace_before_it_holds(shop: Desk) -> None:
    for item, labels in ((1, ["cart"]), (2, ["Cart"]), (3, [])):
        done(shop, item, *labels)
    shop.flow("trace acme/shop#1 Shop")
    tried = shop.flow("trace label cart Shop")
    assert shown(tried) == [
        "Everything with the label *cart* would be for *Shop*.",
        "Of 3 items done in the last 90 days, 2 are traced by it; 1 of them is traced to nothing so far.",
        "[Confirm] [Leave it]",
    ]
    assert shop.press(tried, "Confirm")["text"] == (
        "Everything with the label cart is for Shop from now on. What was done counts as well, where it carried it by "
        "then."
    )
    confirmed(shop, "outcome Shop Other: We win")
    assert shown(shop.flow("trace label CART Other"))[0].endswith("would be for *Other*. So far it is for Shop.")
    assert shop.flow("untrace label Cart")["text"] == "The label cart tells nothing any more of what work is for."
    assert "work with the label cart: *Shop → not set*" in shown(shop.flow("log"))[1]


def test_an_item_is_linked_by_anybody_and_the_link_taken_back(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days")
    done(shop, 1)
    told = shop.flow("trace acme/shop#1 speed", "U0BOB")
    assert shown(told) == [
        f"<{SITE}/1|Fix 1> (acme/shop#1) is traced to *Speed*, and so is all that is below it.\n"
        "What it is for: *Speed* (not verified: no number since 45 days, target 30 days) → *Shop*: We win when it "
        "ships → for Everybody. <@U0BOB> said so.",
        "[Take it back] [Show the item]",
    ]
    assert "is traced already to *Speed*" in shown(shop.flow(f"trace <{SITE}/1> Speed"))[0]
    assert shown(shop.press(told, "Take it back", "U0BOB")) == [
        f"<{SITE}/1|Fix 1> (acme/shop#1) is no longer linked with *Speed*.\n"
        "What it is for is not known: it is traced to no outcome."
    ]
    assert shop.flow("untrace acme/shop#1")["text"] == "acme/shop#1 is linked with nothing."
    assert "is traced to *Speed*" in shown(shop.flow("trace acme/shop#1 Speed"))[0], "and linked again"


def test_what_a_label_says_of_an_item_is_not_taken_back_as_a_link(shop: Desk) -> None:
    confirmed(shop, "trace label cart Shop")
    done(shop, 1, "cart")
    assert shop.flow("untrace acme/shop#1")["text"] == (
        "Nobody linked acme/shop#1 itself; what it is for is known by the label cart."
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [("trace acme/shop#1", "The outcome or key result it is for is missing."),
     ("trace acme/shop#1 Shap", "I know no outcome or key result “Shap”. Did you mean “Shop”?"),
     ("trace acme/shop#9 Shop", "I know of no acme/shop#9"),
     ("trace cart Shop", "“cart” names no item, and is neither label nor milestone."),
     ("trace label Shop", "The name of the label, or the outcome or key result it stands for, is missing."),
     ("trace label cart Shap", "I know no outcome or key result “Shap”."),
     ("untrace label", "The name of the label is missing."),
     ("untrace milestone Spring", "The milestone Spring tells nothing of what work is for."),
     ("untrace acme/shop#1 Shap", "I know no outcome or key result “Shap”.")],
)  # fmt: skip
def test_what_traces_nothing_is_said_in_a_line(shop: Desk, words: str, problem: str) -> None:
    done(shop, 1)
    assert problem in shop.flow(words)["text"]


def test_why_tells_the_chain_from_the_item_to_those_it_is_for(shop: Desk) -> None:
    confirmed(shop, "result Shop Speed 45 to 30 days")
    shop.flow("result Speed 40")
    confirmed(shop, "trace label epic Speed")
    shop.mill.tell(
        "opened", 3, type="issue", labels=["epic"], title="Checkout", url="https://github.com/acme/shop/issues/3"
    )
    shop.mill.tell("opened", 7, type="issue", title="Totals")
    assert "What it is for is not known: it is traced to no outcome." in shown(shop.flow("why acme/shop#7"))
    shop.mill.tell("parent_added", 7, parent=3)
    assert shown(shop.flow("why acme/shop#7"))[1] == (
        "What it is for: *Speed* (verified: 45 days → 40 days, target 30 days) → *Shop*: We win when it ships → "
        "for Everybody. The label epic says so of <https://github.com/acme/shop/issues/3|Checkout> (acme/shop#3)."
    )


def test_why_says_nothing_of_it_where_nothing_is_said_to_work_for(desk: Desk) -> None:
    done(desk, 1)
    assert "What it is for" not in json.dumps(desk.flow("why acme/shop#1"))


def test_an_item_that_the_reader_may_not_see_is_not_named() -> None:
    key = ("github", "acme/secret", 3)
    told = Chain(
        Trace("shop", LABEL, "epic", key), Outcome("shop", "shop", "Shop", "Shop", ""), None, None, None, False
    )
    assert chain(told) == "What it is for: *Shop*. The label epic says so of an item that you may not see."
