"""What of a workspace outlives the process, and what does not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from local_town import ALICE, HELLO, HERS, SHOP, api, modal, people

from bot.clock import SetClock
from bot.local.kept import Shelf
from bot.local.server import Slack

NOW = 1_772_000_000


def opened(path: Path, now: int = NOW) -> Slack:
    return Slack(clock=SetClock(now), machine=SetClock(now), shelf=Shelf(path))


def ended(slack: Slack) -> None:
    with slack:
        pass
    assert slack.shelf is not None
    slack.shelf.close()


def test_what_was_said_and_who_is_there_outlives_the_process(tmp_path: Path) -> None:
    before = people(opened(tmp_path / "slack.db"))
    dm = before.conversation_of(ALICE)
    metadata = {"event_type": "x", "event_payload": {"message": "k"}}
    first = api(before, "chat.postMessage", channel=SHOP, text="first", metadata=metadata)["ts"]
    api(before, "chat.postMessage", channel=dm, text="direct")
    api(before, "chat.update", channel=SHOP, ts=first, text="anew", blocks=[HELLO])
    before.say_as(ALICE, SHOP, "reply", first)
    gone = api(before, "chat.postMessage", channel=SHOP, text="gone")["ts"]
    before.delete(SHOP, gone)
    before.set_status(ALICE, "away", ":palm_tree:")
    before.show_home(ALICE, {"type": "home", "blocks": [HELLO]})
    before.saw(ALICE, dm)
    ended(before)
    after = opened(tmp_path / "slack.db", NOW + 60)
    assert (after.users, list(after.channels)) == (before.users, sorted(before.channels))
    assert [after.messages(id) for id in (SHOP, HERS)] == [before.messages(id) for id in (SHOP, HERS)]
    assert (after.message(SHOP, first) or {})["edits"] == 1
    assert (after.homes, after.seen) == (before.homes, before.seen)
    assert (after.unread(ALICE, dm), after.conversation_of(ALICE)) == (0, dm)
    assert after.users[ALICE]["profile"]["status_text"] == "away"
    ended(after)


def test_what_is_of_the_moment_does_not(tmp_path: Path) -> None:
    before = people(opened(tmp_path / "slack.db"))
    api(before, "chat.postEphemeral", channel=SHOP, user=ALICE, text="psst")
    api(before, "chat.postMessage", channel=SHOP, text="for <@U0ALICE>")
    api(before, "views.open", trigger_id=before.issue_trigger(ALICE), view=modal())
    trigger, key = before.issue_trigger(ALICE), before.issue_answering(SHOP, ALICE, None)
    ended(before)
    after = opened(tmp_path / "slack.db")
    assert (after.private, after.windows, list(after.notices), after.posts) == ([], {}, [], 0)
    assert api(after, "views.open", trigger_id=trigger, view=modal())["error"] == "invalid_trigger_id"
    assert after.respond(key, {"text": "x"}) == "expired_url"
    ended(after)


def test_no_timestamp_comes_twice(tmp_path: Path) -> None:
    stamps = []
    for _ in range(3):
        slack = opened(tmp_path / "slack.db")
        if not slack.channels:
            people(slack)
        stamps += [api(slack, "chat.postMessage", channel=SHOP, text="x")["ts"] for _ in range(2)]
        assert [one["ts"] for one in slack.messages(SHOP)] == stamps == sorted(set(stamps))
        ended(slack)


def test_a_shelf_keeps_values_by_kind_and_key(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "kept.db")
    shelf.put("a", "2", {"x": [1, None]})
    shelf.put("a", "1", "é")
    shelf.put("b", "1", 7)
    shelf.put("a", "1", "anew")
    assert shelf.all("a") == [("1", "anew"), ("2", {"x": [1, None]})]
    shelf.put("a", "2", None)
    assert (shelf.get("a", "2"), shelf.get("b", "1"), shelf.all("c")) == (None, 7, [])
    shelf.close()
    shelf.put("a", "3", "too late")
    again = Shelf(tmp_path / "kept.db")
    assert again.get("a", "3") is None
    again.close()


def test_many_write_at_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "kept.db")
    writing = [
        threading.Thread(target=lambda at=at: [shelf.put("n", f"{at} {n}", n) for n in range(50)]) for at in range(4)
    ]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    assert len(shelf.all("n")) == 200
    shelf.close()


def test_a_file_that_is_no_shelf_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_text("not a database, not at all, in any way that anybody could think of")
    with pytest.raises(Exception, match="not a database"):
        Shelf(tmp_path / "kept.db")
