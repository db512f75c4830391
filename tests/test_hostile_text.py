"""Text from outside stays text: whatever things are called, no view makes markup, a mention or a link of it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fake_github import FakeGithub
from fake_slack import FakeSlack, content_error
from sqlalchemy import Engine
from world import POLICY, World

from bot import logs
from bot.asking.home import Pages, home_of
from bot.context import Context
from bot.grammar.verbs import ENTRIES
from bot.settings import Settings
from bot.streams.file import BadStream, from_yaml
from bot.streams.saving import save
from bot.views.home import home
from bot.views.message import Message
from bot.views.pages import Again
from bot.views.stream_form import EXAMPLE
from handlers.commands import answer

HOSTILE = [
    "<!channel> HOSTILE", "<@U0BOSS> HOSTILE", "<#C0ELSE|x> HOSTILE", "<https://evil.test|acme/shop#1> HOSTILE",
    "*HOSTILE* _HOSTILE_ ~HOSTILE~ `HOSTILE`", "``` HOSTILE x```", "x\n> HOSTILE", "x\r\n• HOSTILE",
    "<!date^1^HOSTILE|y>", "&lt;!here&gt; HOSTILE", "\u202eHOSTILE\u2066 x", "HOSTILE|x>y<z",
    "<!subteam^S1|HOSTILE>", "x\u2028HOSTILE",
]  # fmt: skip
OURS = re.compile(
    r"(@U0(ALICE|BOB|CAROL)|#C0TEAM)(\|[^<>]*)?|https://github\.com/acme/shop/pull/\d+[^|<>\s]*(\|[^<>]*)?"
)
"""What may stand in angle brackets: accounts and channels that the policy names, and addresses of the code host."""
LITERAL = ("mrkdwn", "plain_text", "raw_text", "text")
"""What is looked at by itself, and what Slack shows letter by letter."""
RAW = re.compile(
    r"\*HOSTILE\*|_HOSTILE_|~HOSTILE~|`HOSTILE`|``` HOSTILE|\n> HOSTILE|\n• HOSTILE|[\u202e\u2066\u2028\r]"
)
"""What would be markup, another line, or text that runs the other way."""
LOGIN = "carol"


def marked_up(body: Any) -> Iterator[str]:
    """Every text of a message or view that Slack reads markup in."""
    if isinstance(body, dict):
        if body.get("type") == "mrkdwn":
            yield body["text"]
        for key, inner in body.items():
            if key == "text" and isinstance(inner, str) and body.get("type") not in LITERAL:
                yield inner
            yield from marked_up(inner)
    elif isinstance(body, list | tuple):
        for inner in body:
            yield from marked_up(inner)


def links(body: Any) -> Iterator[str]:
    """Every address that a press opens."""
    if isinstance(body, dict):
        if isinstance(body.get("url"), str):
            yield body["url"]
        body = list(body.values())
    if isinstance(body, list | tuple):
        for inner in body:
            yield from links(inner)


def is_only_text(body: Any) -> None:
    for text in marked_up(body):
        for inside in re.findall(r"<([^>]*)>", text):
            assert OURS.fullmatch(inside), (inside, text)
        assert not RAW.search(text), text
    for url in links(body):
        assert url.startswith("https://github.com/acme/shop/"), url


def is_shown_as_text(message: Message) -> None:
    assert content_error({"text": message.text, "blocks": list(message.blocks)}) is None
    is_only_text({"text": message.text, "blocks": list(message.blocks)})


def happen(world: World, name: str) -> None:
    """A pull request, a team that is asked, a label and a hand-over, all called by a name."""
    world.ask("alice", LOGIN, title=name)
    world.tell(world.fact("labeled", label=name), world.fact("review_requested", team=name))
    world.ask("alice", item=2, title=name, author=name)
    world.tell(world.fact("review_requested", reviewer=name, item=2), world.fact("commented", name, item=2))
    world.tell(world.fact("status_changed", field=name, **{"from": name, "to": name}))
    url = f"https://github.com/acme/shop/pull/3|{name}"
    world.tell(
        world.fact("opened", "bob", item=3, type="pull_request", title=name, labels=[name], url=url),
        world.fact("review_requested", "bob", item=3, reviewer="alice"),
    )
    world.wait(days=3)


SHORT = (0, 3, 4, 6, 10)
"""The places of those that are always tried; the others are in the long run."""


@pytest.fixture(
    params=[name if at in SHORT else pytest.param(name, marks=pytest.mark.long) for at, name in enumerate(HOSTILE)],
    ids=range(len(HOSTILE)),
)
def named(request: pytest.FixtureRequest, sqlite_engine: Engine) -> Iterator[tuple[World, Context, str]]:
    """A world in which everything is called by a name that is meant to do harm."""
    with FakeSlack() as slack, FakeGithub():
        world = World(sqlite_engine, slack)
        world.set_policy('admins = ["U0ALICE"]\n' + POLICY)
        for user in ("U0ALICE", "U0BOB", "U0CAROL"):
            slack.add_user(user, profile={"display_name": request.param})
        slack.add_channel("C0TEAM")
        happen(world, request.param)
        yield world, world.ctx(), request.param


def test_what_is_sent_is_only_text(named: tuple[World, Context, str]) -> None:
    world, _, _ = named
    sent = world.slack.history()
    assert len(sent) >= 3
    for message in sent:
        is_only_text({"text": message["text"], "blocks": message["blocks"]})


def test_every_answer_is_only_text(named: tuple[World, Context, str]) -> None:
    world, ctx, name = named
    typed = [typed.removeprefix("/flow ") for entry in ENTRIES for typed, _ in entry.examples]
    said = " ".join(name.replace('"', "").split())
    typed += [f"waits {said}", f"why {said}", f'try "{said}" review -30% by 31 Jan', "experiments", f"link {said}",
              f"metrics {said}", f"digest {said}", f'stream "{said}"', f'map "{said}"', f"targets {said}", "mute 1",
              said, f'trace 1 "{said}"', f"types {said}", f"hours {said}", f"away until {said}",
              "people", "waits shop"]  # fmt: skip
    for words in typed:
        is_shown_as_text(answer(ctx, "U0ALICE", Again(words, place="C0TEAM")))
    is_shown_as_text(home(home_of(ctx, "U0ALICE", Pages(), None, world.now), world.now))


def test_a_value_stream_called_so_is_only_text(named: tuple[World, Context, str]) -> None:
    world, ctx, name = named
    said = " ".join(re.sub(r"[^\S ]|[\u202e\u2066]", " ", name).split())
    quoted = json.dumps(said, ensure_ascii=False)
    told = EXAMPLE.replace("name: coding", f"name: {quoted}").replace("name: Shop", f"name: {quoted}")
    try:
        save(ctx, "U0ALICE", from_yaml(re.sub("outcome: .*", f"outcome: {quoted}", told)), world.now)
    except BadStream as refused:
        assert "is not allowed" in str(refused)  # noqa: PT017 (a name may be refused; one that is taken must do no harm)
        return
    for words in ("streams", f'stream "{said}"', f'stage "{said}" "{said}"', f'stream "{said}" history', "map",
                  f'metrics "{said}"', f'digest "{said}"', f'stream "{said}" export', "outcomes"):  # fmt: skip
        is_shown_as_text(answer(ctx, "U0ALICE", Again(words, place="C0TEAM")))


@pytest.mark.parametrize("name", [*HOSTILE, 'x\n{"level": "error"}', "\x1b[2J", "\x85y", "\0", "\x9b2Jé",
                                  "\u2028y", "\u202ey", "\ud800"])  # fmt: skip
def test_in_the_log_it_stays_within_its_line(name: str) -> None:
    written = io.BytesIO()
    out = io.TextIOWrapper(written, "utf-8", newline="\n", write_through=True)
    logs.configure(Settings(), out)
    logging.getLogger("elsewhere").warning("told %s", name)
    structlog.get_logger().info("a webhook", repo=name, why=name)
    lines = written.getvalue().decode().splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warning", "info"]
    assert json.loads(lines[1])["repo"] == name
    assert all(letter.isprintable() for line in lines for letter in line)
