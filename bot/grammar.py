"""The grammar of `/flow`: each verb is declared once; help, usage and errors are read off the declaration.

Words come as people type them, or as Slack escapes them: `<@U123|name>`, `<#C123|name>`, `<https://…|label>`.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

import click

from bot.flow.events import MAX_INT
from bot.views.help import Entry
from bot.views.pages import MOST_ASKED

COMMAND = "/flow"
HELP, WAITS, WHY, REPOS = "help", "waits", "why", "repos"


class Me(NamedTuple):
    """Whoever asks."""


class Member(NamedTuple):
    """Somebody by their Slack account."""

    id: str


class Login(NamedTuple):
    """Somebody by their login on the code host."""

    login: str


class Channel(NamedTuple):
    """A channel by its id."""

    id: str


class Named(NamedTuple):
    """A repository, with or without its owner; or else somebody's login."""

    name: str


Whom: TypeAlias = Me | Member | Login | Channel | Named


class ItemRef(NamedTuple):
    """An item as somebody names it; the repository may lack its owner, or be left out."""

    repo: str | None
    number: int
    site: str | None = None
    """Host of the web address it was named by."""


class Asked(NamedTuple):
    verb: str
    value: Whom | ItemRef | str | None


class Misread(ValueError):
    """Words that a verb can't take; the message says what is wrong, on one line and as it was typed."""

    def __init__(self, problem: str, verb: str | None = None) -> None:
        super().__init__(problem)
        self.verb = verb
        """None: the first word is no verb (and the problem is that word)."""


_NAME = r"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,5}"
_MEMBER = re.compile(r"<@([UW][A-Z0-9]{1,30})>")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]{1,30})>")
_LOGIN = re.compile(r"@([\w.-]{1,100}(?:\[bot\])?)")
_REFERENCE = re.compile(rf"(?:({_NAME})?#)?([0-9]{{1,16}})")
_PATH = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?(?:/.*)?")
_ITEM_PATH = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100})/(?:pull|pulls|issues)/([0-9]{1,16})(?:/.*)?")


class _Words(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic in later releases only
    """A kind of argument; `allowed` says in one sentence what it may be."""

    allowed = ""


class _WhomType(_Words):
    name = "whom"
    allowed = (
        "Allowed are `me` (or nothing), an `@person`, a `#channel` that a repository is mapped to (both picked from "
        "Slack's list as you type), or a repository such as `acme/shop` or `shop`."
    )

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Whom:
        word = str(value)
        if word.casefold() in ("me", "@me"):
            return Me()
        if found := _MEMBER.fullmatch(word):
            return Member(found[1])
        if found := _CHANNEL.fullmatch(word):
            return Channel(found[1])
        if found := _LOGIN.fullmatch(word):
            return Login(found[1])
        address = _address(word)
        if found := _PATH.fullmatch(address[1]) if address else re.fullmatch(f"({_NAME})", word):
            return Named(found[1])
        raise click.BadParameter(f"“{word}” is nobody, no channel and no repository that I can make out.")


class _ItemType(_Words):
    name = "item"
    allowed = (
        "Allowed are a link to it, `acme/shop#12`, `shop#12` where one repository is called so, or `#12` where there "
        "is only one repository."
    )

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ItemRef:
        word = str(value)
        address = _address(word)
        found = _ITEM_PATH.fullmatch(address[1]) if address else _REFERENCE.fullmatch(word)
        if found is None or not 0 < int(found[2]) < MAX_INT:
            raise click.BadParameter(f"“{word}” names no item.")
        return ItemRef(found[1], int(found[2]), address[0] if address else None)


class _VerbType(_Words):
    name = "verb"
    allowed = "Allowed is one of the verbs that `/flow help` lists, or nothing."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value).casefold()
        if word not in VERBS:
            raise Misread(str(value))
        return word


def _address(word: str) -> tuple[str, str] | None:
    """(host, path) of a web address, in angle brackets or bare."""
    bare = word[1:-1] if word.startswith("<") and word.endswith(">") else word
    try:
        parts = urlsplit(bare)
        host = parts.hostname
    except ValueError:
        return None
    return (host, parts.path) if parts.scheme in ("http", "https") and host else None


class _Verb(click.Command):
    """A verb: what it shows, examples of it (typed, what it answers), and what may stand behind it."""

    def __init__(
        self, name: str, does: str, *examples: tuple[str, str], takes: tuple[str, _Words] | None = None,
        needed: bool = False,
    ) -> None:  # fmt: skip
        params: list[click.Parameter] = []
        if takes:
            metavar, kind = takes
            params.append(click.Argument(["value"], type=kind, metavar=metavar, required=needed))
        # What begins with a dash is a word like any other: there are no options.
        super().__init__(
            name, params=params, options_metavar="", add_help_option=False,
            context_settings={"ignore_unknown_options": True, "help_option_names": []},
        )  # fmt: skip
        usage = " ".join([COMMAND, name, *([takes[0]] if takes else [])])
        self.entry = Entry(name, usage, does, examples, takes[1].allowed if takes else None)

    def read(self, words: list[str]) -> Whom | ItemRef | str | None:
        """What the words behind the verb say; None for nothing. Raises Misread."""
        try:
            value: Whom | ItemRef | str | None = self.make_context(f"{COMMAND} {self.name}", words).params.get("value")
        except click.BadParameter as error:
            missing = isinstance(error, click.MissingParameter)
            raise Misread(error.format_message() if missing else error.message, self.name) from None
        except click.UsageError as error:
            raise Misread(f"{error.format_message().rstrip('.')}.", self.name) from None
        return value


VERBS: dict[str, _Verb] = {
    verb.entry.name: verb
    for verb in (
        _Verb(
            WAITS, "what waits on somebody, what of theirs waits on others, or what waits in a repository, most "
            "overdue first",
            ("/flow waits", "what waits on you, and what of yours waits on others"),
            ("/flow waits @bob", "the same for bob"),
            ("/flow waits #shop", "what waits in the repositories of a channel"),
            ("/flow waits acme/shop", "what waits in a repository"),
            takes=("[me | @person | #channel | REPO]", _WhomType()),
        ),
        _Verb(
            WHY, "whose turn it was on one item, when, until what and for how long, and whose turn it is now",
            ("/flow why acme/shop#12", "whose turn it was and is, and why"),
            ("/flow why #12", "the same, where there is only one repository"),
            ("/flow why https://github.com/acme/shop/pull/12", "the same, by its link"),
            takes=("ITEM", _ItemType()), needed=True,
        ),
        _Verb(
            REPOS, "the connected repositories, when each was last heard of, and what is wrong",
            ("/flow repos", "the connected repositories, and what is wrong"),
        ),
        _Verb(
            HELP, "what can be asked, by example",
            ("/flow help", "this list"),
            ("/flow help why", "more about one verb"),
            takes=("[VERB]", _VerbType()),
        ),
    )
}  # fmt: skip
ENTRIES = tuple(verb.entry for verb in VERBS.values())
BUTTONS = (("What waits on me", WAITS), ("Repositories", REPOS))
"""Verbs that can be asked by a press: they need nothing behind them."""


def parse(text: str) -> Asked:
    """What somebody asks by `text` behind the command; nothing at all is a call for help. Raises Misread."""
    words = words_of(text)
    if not words:
        return Asked(HELP, None)
    verb = VERBS.get(words[0].casefold())
    if verb is None:
        raise Misread(words[0])
    if len(text) > MOST_ASKED:
        raise Misread(f"That is too long: up to {MOST_ASKED} characters are read.", verb.name)
    return Asked(verb.entry.name, verb.read(words[1:]))


_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»`", '"') | dict.fromkeys("‘’‚‛", "'"))
_LABEL = re.compile(r"<([^<>|\s]+)\|[^<>]*>")


def words_of(text: str) -> list[str]:
    """The words, quoted ones kept together; Slack's labels and escapes are taken off. A quote alone is a letter."""
    plain = _LABEL.sub(r"<\1>", text).translate(_QUOTES)
    for quotes in ("\"'", '"'):
        lexer = shlex.shlex(" ".join(plain.split()), posix=True)
        lexer.whitespace_split, lexer.quotes, lexer.commenters, lexer.escape = True, quotes, "", ""
        try:
            return [_unescaped(word) for word in lexer if word]
        except ValueError:
            continue
    return [_unescaped(word) for word in plain.split()]


def _unescaped(word: str) -> str:
    return word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
