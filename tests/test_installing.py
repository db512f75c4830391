"""Installing Weir in Slack workspaces by OAuth: who may, what is kept of it, and what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import structlog
from fake_slack import FakeSlack, Fault
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oauth_slack import ACME, KEY, NEW_KEY, SHOP, Browser, base_of, grant
from site_on_loopback import FEW, Reply, Site, serve, signature
from sqlalchemy import Engine, select, text

from bot.__main__ import run
from bot.clock import SetClock
from bot.flow.events import parse_instant
from bot.installing.installs import FRESH, Installed, installed_of
from bot.installing.leaving import uninstalled
from bot.installing.manifest import REDIRECT_PATH, scopes
from bot.store import settings as stored
from bot.store.engine import reading, writing
from bot.store.installs import HOLDS, INSTALLS, MOST, STATES, end, spend
from bot.web import Request, Server, application
from handlers.installing import COOKIE, routes
from handlers.slack import SlackDoor

NOW = parse_instant("2026-03-02T09:00:00Z")
TOKEN = "xoxb-of-T0ACME"


@dataclass
class Town:
    """A deployment for several workspaces, and Slack."""

    slack: FakeSlack
    clock: SetClock
    site: Site
    installed: Installed

    @property
    def browser(self) -> Browser:
        return Browser(self.site)

    def install(self, **granted: Any) -> Reply:
        return self.browser.install(self.slack, grant(**granted))

    def token_of(self, team: str) -> str | None:
        ctx = self.installed.of_team(team)
        return ctx.messenger._client.token if ctx else None

    def other_process(self, **more: Any) -> Installed:
        """Another process on the same database."""
        base = self.installed.base
        return installed_of(replace(base, settings=base.settings.model_copy(update=more)))

    def rows(self, of: Any = INSTALLS) -> list[Any]:
        with reading(self.installed.base.engine) as session:
            return list(session.execute(select(of).order_by(*of.primary_key)))


def town_of(engine: Engine, folder: Path, **more: Any) -> Iterator[Town]:
    with FakeSlack() as slack:
        clock = SetClock(NOW)
        installed = installed_of(base_of(engine, slack, clock, folder, **more))
        server = Server(application(routes(installed)), "127.0.0.1", 0, FEW)
        for port in serve(server):
            yield Town(slack, clock, Site(installed.base, port), installed)


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Iterator[Town]:
    yield from town_of(engine, tmp_path)


@pytest.fixture
def small_town(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Town]:
    """One on SQLite, for what no database makes a difference to."""
    yield from town_of(sqlite_engine, tmp_path)


def shown(reply: Reply) -> str:
    """What a page says, as one line of text."""
    body = reply.text.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def everything_stored(town: Town, folder: Path) -> str:
    engine = town.installed.base.engine
    with engine.connect() as connection:
        rows = [list(connection.execute(text(f"SELECT * FROM {of}"))) for of in ("installs", "install_states")]
    files = [path.read_bytes() for path in folder.glob("weir.db*")]
    return repr(rows) + repr(files)


def test_somebody_installs_it_and_the_workspace_is_served_with_its_own_terms(town: Town) -> None:
    reply = town.install()
    assert reply.status == 200
    assert shown(reply).startswith("Weir is installed in Acme Nobody is written to yet. In Slack, next: Type /flow in")
    assert 'href="https://slack.com/app_redirect?app=A0WEIR&amp;team=T0ACME"' in reply.text
    (ctx,) = town.installed.contexts()
    assert (ctx.workspace, ctx.owners, town.token_of(ACME)) == (ACME, {"acme"}, TOKEN)
    assert ctx.policy.target("acme/shop", "review") == 4 * 3600
    assert ctx.messenger.who_am_i()["team"]
    assert town.installed.of_team(SHOP) is town.installed.of_team(None) is town.installed.of_team("T0NOBODY") is None


def test_slack_is_asked_for_the_scopes_of_the_manifest_and_sends_people_back(small_town: Town) -> None:
    reply = small_town.browser.open("/slack/install")
    where = urlsplit(reply.headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert reply.status == 302
    assert where._replace(query="").geturl() == f"{small_town.slack.root}oauth/v2/authorize"
    assert re.fullmatch(r"[\w=-]{100}", asked.pop("state"))
    back = "https://weir.acme.test/slack/oauth_redirect"
    assert asked == {"client_id": "100.200", "scope": ",".join(scopes()), "redirect_uri": back}
    small_town.slack.codes["c"] = grant()
    browser = small_town.browser
    browser.back(browser.begin(), code="c")
    ((_, told),) = [call for call in small_town.slack.calls if call[0] == "oauth.v2.access"]
    assert told == {"code": "c", "redirect_uri": back}


def test_pages_run_nothing_and_are_kept_nowhere(small_town: Town) -> None:
    browser = small_town.browser
    begun = browser.open("/slack/install").headers
    assert re.fullmatch(
        r"weir_install=[\w=-]{100}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure", begun["Set-Cookie"]
    )
    page = browser.back("another").headers
    assert page["Set-Cookie"] == "weir_install=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    assert page["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert {begun["Cache-Control"], page["Cache-Control"]} == {"no-store"}
    assert {begun["Referrer-Policy"], page["Referrer-Policy"]} == {"no-referrer"}
    assert page["Content-Type"] == "text/html; charset=utf-8"


def test_on_this_machine_it_goes_without_tls(sqlite_engine: Engine, tmp_path: Path) -> None:
    for town in town_of(sqlite_engine, tmp_path, weir_public_url="http://127.0.0.1:3000/"):
        reply = town.browser.open("/slack/install")
        assert "Secure" not in reply.headers["Set-Cookie"]
        back = parse_qs(urlsplit(reply.headers["Location"]).query)["redirect_uri"]
        assert back == ["http://127.0.0.1:3000/slack/oauth_redirect"]


def test_neither_token_nor_state_is_readable_in_the_database_or_the_log(town: Town, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        browser = town.browser
        state = browser.begin()
        stored = everything_stored(town, tmp_path)
        town.slack.codes["the-code"] = grant()
        browser.back(state, code="the-code")
    told = stored + everything_stored(town, tmp_path) + repr(lines)
    assert "'event': 'installed'" in told
    for secret in (state, TOKEN, "the-code", "the-client-secret", KEY):
        assert secret not in told


def test_a_state_is_good_once(town: Town) -> None:
    browser = town.browser
    state = browser.begin()
    cookie, town.slack.codes = browser.cookie, {"one": grant(), "two": grant(token="xoxb-of-somebody-else")}
    assert browser.back(state, code="one").status == 200
    again = Browser(town.site, cookie).back(state, code="two")
    assert (again.status, town.slack.called("oauth.v2.access"), town.token_of(ACME)) == (400, 1, TOKEN)
    assert shown(again).startswith("This install can't be finished here It was begun in another browser, more than ten")


def test_of_several_who_come_back_at_once_one_goes_on(town: Town) -> None:
    browser = town.browser
    state, town.slack.codes["c"] = browser.begin(), grant()
    tabs = [Browser(town.site, browser.cookie) for _ in range(6)]
    with ThreadPoolExecutor(len(tabs)) as people:
        statuses = sorted(reply.status for reply in people.map(lambda tab: tab.back(state, code="c"), tabs))
    assert statuses == [200, *[400] * 5]


def test_a_state_is_good_for_ten_minutes_and_forgotten_later(town: Town) -> None:
    late, browser = town.browser, town.browser
    states = late.begin(), browser.begin()
    town.slack.codes["c"] = grant()
    town.clock.advance(seconds=HOLDS - 1)
    assert browser.back(states[1], code="c").status == 200
    town.clock.advance(seconds=1)
    assert late.back(states[0], code="c").status == 400
    town.clock.advance(seconds=HOLDS)
    town.install()
    assert [row.made_at for row in town.rows(STATES)] == [town.clock.now()]


def test_however_many_begin_an_install_nothing_is_kept_and_nobody_crowded_out(small_town: Town) -> None:
    mine = small_town.browser
    state = mine.begin()
    begin = routes(small_town.installed)["/slack/install"].door
    states = {begin(Request("GET", {}, b"")).headers["Location"] for _ in range(300)}
    assert (len(states), small_town.rows(STATES)) == (300, [])
    small_town.slack.codes["c"] = grant()
    assert mine.back(state, code="c").status == 200


def test_of_those_that_come_back_only_so_many_are_remembered(town: Town) -> None:
    with writing(town.installed.base.engine) as session:
        assert all(spend(session, "", str(number), NOW + number // 10) for number in range(MOST + 20))
        assert not spend(session, "", str(MOST + 19), NOW)
    kept = {row.digest for row in town.rows(STATES)}
    assert kept == {str(number) for number in range(20, MOST + 20)}


def test_where_as_many_as_may_are_finishing_one_is_told_so_and_goes_on_later(small_town: Town) -> None:
    mine = small_town.browser
    state, small_town.slack.codes["c"] = mine.begin(), grant()
    door = routes(small_town.installed, at_once=0)[REDIRECT_PATH].door
    answer = door(Request("GET", {"cookie": mine.cookie}, b"", f"state={state}&code=c"))
    assert (answer.status, answer.headers["Retry-After"], "Set-Cookie" in answer.headers) == (429, "5", False)
    assert "Please load this page again in a moment." in answer.text
    assert mine.back(state, code="c").status == 200


@pytest.mark.parametrize("cookie", ["", "weir_install=", "weir_install=another", "weir_install=ä", 'a=b; ;=,"x'])
def test_another_browser_can_not_finish_it_and_does_not_spoil_it(small_town: Town, cookie: str) -> None:
    mine = small_town.browser
    state, small_town.slack.codes["c"] = mine.begin(), grant()
    assert Browser(small_town.site, cookie).back(state, code="c").status == 400
    assert small_town.token_of(ACME) is None
    assert mine.back(state, code="c").status == 200


@pytest.mark.parametrize("query", ["", "?", "?state=", "?state=x&code=c", "?code=c", "?state=%00&code=%ff", "?error=e"])
def test_who_comes_without_a_state_gets_nothing(small_town: Town, query: str) -> None:
    for cookie in ("", "weir_install=", "weir_install=x"):
        reply = Browser(small_town.site, cookie).open(f"/slack/oauth_redirect{query}")
        assert reply.status == 400
    assert small_town.slack.calls == []


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_back_without_a_state_of_ours_is_refused(
    small_town: Town, query: str, cookie: str, same: bool
) -> None:
    told = f"code=c&state={quote(query)}" if same else query
    headers = {"cookie": f"{COOKIE}={query if same else cookie}"}
    answer = routes(small_town.installed)[REDIRECT_PATH].door(Request("GET", headers, b"", told))
    assert (answer.status, small_town.slack.calls) == (400, [])


def test_a_workspace_that_is_not_listed_is_refused_and_its_token_given_back(small_town: Town) -> None:
    reply = small_town.install(team="T0OTHER", name="Other")
    assert reply.status == 403
    assert "add T0OTHER , and which accounts on the code host are yours" in shown(reply)
    assert (small_town.slack.tokens, small_town.rows()) == (set(), [])


def test_a_whole_organization_is_refused_and_its_token_given_back(small_town: Town) -> None:
    for more in ({"is_enterprise_install": True}, {"is_enterprise_install": True, "team": None}, {"team": None}):
        reply = small_town.browser.install(small_town.slack, {**grant(), **more})
        assert (reply.status, small_town.slack.tokens, small_town.rows()) == (403, set(), [])
        assert shown(reply).startswith("Weir is installed workspace by workspace You chose your whole organization.")


def test_a_token_that_expires_is_refused_and_given_back(small_town: Town) -> None:
    reply = small_town.install(expires_in=43_200, refresh_token="xoxe-1")
    assert (reply.status, small_town.slack.tokens, small_town.rows()) == (403, set(), [])
    assert "token rotation is on" in shown(reply)


def test_who_says_no_is_told_that_nothing_happened(small_town: Town) -> None:
    browser = small_town.browser
    reply = browser.back(browser.begin(), error="access_denied")
    assert (reply.status, small_town.slack.calls) == (200, [])
    assert shown(reply).startswith("Nothing was installed You chose not to")


FAULTS = {
    "a code that is none": (None, "Slack said invalid_code ."),
    "its own word": (Fault("error", error="bad_redirect_uri"), "Slack said bad_redirect_uri ."),
    "a page": (Fault("http", 502), "Slack gave no clear answer."),
    "a limit": (Fault("http", 429, body="", retry_after=3), "Slack gave no clear answer."),
    "JSON that is no grant": (Fault("http", 200, body='{"ok": true}'), "Slack gave no clear answer."),
    "JSON that is no object": (Fault("http", 200, body="[]"), "Slack gave no clear answer."),
    "an end": (Fault("reset"), "Slack gave no clear answer."),
    "a lost answer": (Fault("lost"), "Slack gave no clear answer."),
    "markup": (Fault("error", error="<b>x"), "Slack gave no clear answer."),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
def test_without_a_grant_nothing_is_installed_and_it_is_tried_once(
    small_town: Town, fault: Fault | None, said: str
) -> None:
    if fault:
        small_town.slack.fail("oauth.v2.access", fault)
    browser = small_town.browser
    reply = browser.back(browser.begin(), code="unknown")
    assert (reply.status, small_town.rows(), small_town.slack.called("oauth.v2.access")) == (502, [], 1)
    assert f"{said} Nothing was installed. Please try once more:" in shown(reply)


def test_a_wrong_client_secret_is_said_without_showing_it(sqlite_engine: Engine, tmp_path: Path) -> None:
    for town in town_of(sqlite_engine, tmp_path, slack_client_secret="another-secret"):
        with structlog.testing.capture_logs() as lines:
            reply = town.install()
        assert "Slack said bad_client_secret ." in shown(reply)
        assert "another-secret" not in reply.text + repr(lines)


def test_another_word_of_slack_s_is_passed_on(small_town: Town) -> None:
    browser = small_town.browser
    assert "Slack said invalid_scope ." in shown(browser.back(browser.begin(), error="invalid_scope"))


HOSTILE = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>': '"><img src=x onerror=alert(1)>',
    "`code` & more": "code & more",
    "turned\u202e round\u0000\n twice": "turned round twice",
    "long " * 50: f"{('long ' * 50)[:80]}…",
    " \u200b ": "your workspace",
}


@pytest.mark.parametrize(("name", "said"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_what_a_team_calls_itself_is_text(small_town: Town, name: str, said: str) -> None:
    for reply in (small_town.install(name=name), small_town.install(team="T0OTHER", name=name)):
        assert (
            f"{said} "
            in " ".join(re.findall(r"<h1>(.*?)</h1>", reply.text, re.S))
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", '"')
            .replace("&amp;", "&")
            + " "
        )
        assert set(re.findall(r"<(\w+)", reply.text)) <= {
            "html", "head", "meta", "title", "style", "body", "main", "h1", "p", "ol", "li", "code", "a",
        }  # fmt: skip


def test_installed_again_it_has_the_new_token_at_once_and_is_not_removed(town: Town) -> None:
    town.install()
    first = town.installed.of_team(ACME)
    assert first
    uninstalled(first, NOW)
    town.clock.advance(seconds=FRESH)
    assert town.installed.of_team(ACME) is None
    assert [ctx.workspace for ctx in town.installed.ended()] == [ACME]
    assert town.rows()[0].token is None
    reply = town.install(token="xoxb-another")
    assert "Weir has a new token there; all it knew is as it was." in shown(reply)
    assert (town.token_of(ACME), town.installed.ended()) == ("xoxb-another", [])
    with reading(first.engine) as session:
        assert stored.get(session, ACME, "uninstalled_at") is None


def test_what_is_told_late_of_an_earlier_install_ends_no_later_one(town: Town) -> None:
    town.install()
    (first,) = town.rows()
    town.install(token="xoxb-another")
    (latest,) = town.rows()
    with writing(town.installed.base.engine) as session:
        assert not end(session, ACME, first.token, NOW)
        assert not end(session, SHOP, latest.token, NOW)
        assert end(session, ACME, latest.token, NOW)
        assert not end(session, ACME, latest.token, NOW)


def test_a_workspace_stays_the_same_until_its_install_changes(small_town: Town) -> None:
    small_town.install()
    before = small_town.installed.of_team(ACME)
    small_town.clock.advance(minutes=5)
    assert small_town.installed.of_team(ACME) is before
    small_town.install(team=SHOP)
    small_town.install(token="xoxb-another")
    assert [ctx.workspace for ctx in small_town.installed.contexts()] == [ACME, SHOP]
    assert small_town.installed.of_team(ACME) is not before


def test_another_process_serves_it_at_the_next_question_and_stops_within_moments(town: Town) -> None:
    other = town.other_process()
    assert other.contexts() == []
    town.install()
    assert other.of_team(ACME) is not None
    with writing(town.installed.base.engine) as session:
        end(session, ACME, town.rows()[0].token, NOW)
    town.clock.advance(seconds=FRESH)
    assert (other.of_team(ACME), other.contexts()) == (None, [])


def test_while_the_database_is_away_those_known_are_gone_on_with(small_town: Town) -> None:
    small_town.install()
    before = small_town.installed.contexts()
    with writing(small_town.installed.base.engine) as session:
        session.execute(text("ALTER TABLE installs RENAME TO elsewhere"))
    small_town.clock.advance(hours=1)
    assert small_town.installed.contexts() == before
    assert small_town.installed.of_team(ACME) is before[0]


def test_after_a_change_of_the_key_the_old_one_is_not_needed(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    town.install()
    base = town.installed.base
    monkeypatch.setenv("DATABASE_URL", base.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("WEIR_SECRET_KEY", f"{NEW_KEY},{KEY}")
    capsys.readouterr()
    assert [run(["rotate-key"]), run(["rotate-key"])] == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said == ["1 secret sealed with the first key.", "0 secrets sealed with the first key."]
    new = town.other_process(weir_secret_key=type(base.settings.weir_secret_key)(NEW_KEY))
    served = new.of_team(ACME)
    assert served
    assert served.messenger._client.token == TOKEN


def test_one_whose_key_is_lost_is_left_out_and_said_once(town: Town) -> None:
    town.install()
    town.install(team=SHOP)
    secret = type(town.installed.base.settings.weir_secret_key)
    with structlog.testing.capture_logs() as lines:
        other = town.other_process(weir_secret_key=secret(NEW_KEY))
        for _ in range(3):
            assert other.contexts() == []
            town.clock.advance(minutes=1)
        assert other.unserved() == [ACME, SHOP]
    assert [(line["event"], line["workspace"]) for line in lines] == [("not served", ACME), ("not served", SHOP)]


def test_one_that_can_not_be_served_is_ended_all_the_same(town: Town) -> None:
    town.install()
    town.install(team=SHOP)
    secret = type(town.installed.base.settings.weir_secret_key)
    other = town.other_process(weir_secret_key=secret(NEW_KEY))
    door = SlackDoor(other)
    for kind in ("app_home_opened", "app_uninstalled"):
        told = {"team_id": ACME, "type": "event_callback", "event_id": kind, "event_time": NOW, "event": {"type": kind}}
        body = json.dumps(told)
        headers = {name.lower(): value for name, value in signature(body).items()}
        answer = door.by_http(Request("POST", {**headers, "content-type": "application/json"}, body.encode()))
        assert answer.status == 200
        assert [one.ended_at for one in town.rows()] == [NOW if kind == "app_uninstalled" else None, None]
    assert (other.shut_out(SHOP) is None, other.shut_out(None)) == (False, None)
    town.clock.advance(seconds=FRESH)
    assert (other.shut_out(ACME), other.unserved()) == (None, [SHOP])


def test_one_that_is_no_longer_listed_is_left_out(town: Town, tmp_path: Path) -> None:
    town.install()
    town.install(team=SHOP)
    (tmp_path / "workspaces.toml").write_text('[workspaces.T0SHOP]\nowners = ["acme"]\n')
    other = town.other_process()
    assert [ctx.workspace for ctx in other.contexts()] == [SHOP]
    assert (other.of_team(ACME), other.unserved()) == (None, [ACME])
