"""The README's path: from an empty workspace, without any file, to the first nudge and its answer."""

from __future__ import annotations

from pathlib import Path

from first_steps import first_steps
from program import wait_until
from slack_payloads import labels


def test_one_command_and_one_press_lead_to_the_first_nudge(tmp_path: Path) -> None:
    with first_steps(tmp_path) as world:
        world.history()
        answered = world.flow("connect acme/shop <#C0SHOP|shop>")
        assert answered["text"].startswith("I can read acme/shop, and read its history now")
        for _ in range(3):
            world.clock.advance(seconds=20)
            world.beat()
        (progress,) = world.slack.dms("U0DAN")
        assert "With these targets, in the last 30 days: 40 nudges to 4 people, 16 breaches." in progress["text"]
        assert labels(progress) == ["Switch on", "Show the targets"]

        world.site.press_in(progress, "Switch on", "U0DAN")
        wait_until(lambda: world.slack.whispers != [])
        assert world.slack.whispers[0]["text"] == "acme/shop is on. Agreed, in working time: review 4h · merge 4h."

        world.open_pull(41, "bob", "alice", "Fix rounding in the ledger export")
        world.wait(4)
        (nudge,) = world.slack.dms("U0ALICE")
        assert nudge["text"].startswith(
            "Fix rounding in the ledger export (acme/shop#41) has waited 3h for your review"
        )
        assert labels(nudge) == ["Open", "On it", "Snooze", "Hand over", "Wrong ping"]

        world.site.press_in(nudge, "On it", "U0ALICE")
        world.beat()
        (nudge,) = world.slack.dms("U0ALICE")
        assert "On it until Monday 17:00." in nudge["text"]
        assert [world.slack.dms(f"U0{other}") for other in ("BOB", "CAROL")] == [[], []]
