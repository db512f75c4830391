"""A map's picture as people see it in the browser: asked for with a command, shown in the direct messages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from browser import PATIENCE, browser
from fake_slack import FakeSlack
from local_town import ALICE, people
from playwright.sync_api import Browser, expect
from site_on_loopback import SLACK_SECRET, serve, settings, web
from sqlalchemy import Engine
from test_streams import Mill
from world import World

from bot.installing.manifest import manifest_of
from bot.local.desk import Desk
from bot.local.installed import Installed
from bot.local.workspace import dm_of

__all__ = ["browser"]


def test_a_picture_that_is_asked_for_is_shown_in_the_direct_messages(
    browser: Browser, sqlite_engine: Engine, tmp_path: Path
) -> None:  # fmt: skip
    with FakeSlack() as slack:
        people(slack)
        mill = Mill(World(sqlite_engine, slack))
        mill.save()
        ctx = replace(mill.world.ctx(), settings=settings(tmp_path))
        for port in serve(web(ctx)):
            app = Installed(manifest_of(None), f"http://127.0.0.1:{port}/slack/events", SLACK_SECRET, in_time=30)
            slack.desk = Desk(slack, app, {})
            place = dm_of(ALICE)
            slack.conversation_of(ALICE)
            slack.desk.do({"do": "type", "as": ALICE, "in": place, "text": "/flow stream Shop picture"})
            page = browser.new_page(viewport={"width": 1360, "height": 1000})
            page.goto(f"{slack.page_url}#as={ALICE}&in={place}")
            picture = page.locator("img.b-uploaded")
            expect(picture).to_be_visible(timeout=PATIENCE)
            expect(picture).to_have_attribute("alt", slack.dms(ALICE)[0]["blocks"][0]["alt_text"])
            page.wait_for_function("document.querySelector('img.b-uploaded').naturalWidth === 1400")
            page.close()
            slack.end()
            app.close()
