"""The kinds of words that may stand behind a verb: each reads one word, and says what it may be."""

from __future__ import annotations

import re

import click

from bot.flow.events import MAX_INT
from bot.grammar.values import Channel, ItemRef, Login, Me, Member, Misread, Named, Whom
from bot.grammar.words import address_of

GITHUB = "github.com"
_NAME = r"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,5}"
_MEMBER = re.compile(r"<@([UW][A-Z0-9]{1,30})>")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]{1,30})>")
_LOGIN = re.compile(r"@?([\w.-]{1,100}(?:\[bot\])?)")
_REFERENCE = re.compile(rf"(?:({_NAME})?#)?([0-9]{{1,16}})")
_PATH = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?(?:/.*)?")
_ITEM_PATH = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100})/(?:pull|pulls|issues)/([0-9]{1,16})(?:/.*)?")


class Kind(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic in later releases only
    """A kind of word; `allowed` says in a sentence or two what it may be."""

    allowed = ""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """What the word means. Raises Misread."""
        found = self.read(str(value))
        if found is None:
            raise Misread(self.problem(str(value)), allowed=self.allowed)
        return found

    def read(self, word: str) -> object:
        """What a word means; None where it is of another kind."""
        raise NotImplementedError

    def problem(self, word: str) -> str:
        """What is wrong with a word that is of another kind."""
        raise NotImplementedError


class AnyWord(Kind):
    """One of several words that are read together: what they may be is said here, they are read elsewhere."""

    name = "words"

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed

    def read(self, word: str) -> str:
        return word


class WhomKind(Kind):
    name = "whom"
    allowed = (
        "Allowed are `me` (or nothing), an `@person`, a `#channel` that a repository is mapped to (both picked from "
        "Slack's list as you type), or a repository such as `acme/shop` or `shop`."
    )

    def read(self, word: str) -> Whom | None:
        if word.casefold() in ("me", "@me"):
            return Me()
        if found := _MEMBER.fullmatch(word):
            return Member(found[1])
        if found := _CHANNEL.fullmatch(word):
            return Channel(found[1])
        if word.startswith("@"):
            return Login(found[1]) if (found := _LOGIN.fullmatch(word)) else None
        repo = repo_in(word)
        return None if repo is None else Named(repo)

    def problem(self, word: str) -> str:
        return f"“{word}” is nobody, no channel and no repository that I can make out."


class ItemKind(Kind):
    name = "item"
    allowed = (
        "Allowed are a link to it, `acme/shop#12`, `shop#12` where one repository is called so, or `#12` where there "
        "is only one repository."
    )

    def read(self, word: str) -> ItemRef | None:
        address = address_of(word)
        found = _ITEM_PATH.fullmatch(address[1]) if address else _REFERENCE.fullmatch(word)
        if found is None or not 0 < int(found[2]) < MAX_INT:
            return None
        return ItemRef(found[1], int(found[2]), address[0] if address else None)

    def problem(self, word: str) -> str:
        return f"“{word}” names no item."


class RepoKind(Kind):
    name = "repo"
    allowed = "Allowed is a repository such as `acme/shop`, `shop` where one is called so, or a link to it."

    def read(self, word: str) -> str | None:
        return repo_in(word)

    def problem(self, word: str) -> str:
        return f"“{word}” names no repository."


class OwnedRepoKind(RepoKind):
    allowed = "Allowed is a repository with its owner, such as `acme/shop`, or a link to it."

    def read(self, word: str) -> str | None:
        repo = repo_in(word)
        return repo if repo and "/" in repo else None

    def problem(self, word: str) -> str:
        return f"“{word}” lacks its owner." if repo_in(word) else super().problem(word)


class ItemOrRepoKind(Kind):
    name = "item or repo"
    allowed = (
        "Allowed are an item (a link to it, `acme/shop#12`, or `#12` where there is only one repository) and a "
        "repository such as `acme/shop`."
    )

    def read(self, word: str) -> ItemRef | str | None:
        return ItemKind().read(word) or repo_in(word)

    def problem(self, word: str) -> str:
        return f"“{word}” names neither an item nor a repository."


class ChannelKind(Kind):
    name = "channel"
    allowed = "Allowed is a `#channel`, picked from Slack's list as you type."

    def read(self, word: str) -> str | None:
        found = _CHANNEL.fullmatch(word)
        return found[1] if found else None

    def problem(self, word: str) -> str:
        return f"“{word}” is no channel that I can make out."


class PersonKind(Kind):
    name = "person"
    allowed = "Allowed is an `@person`, picked from Slack's list as you type."

    def read(self, word: str) -> str | None:
        found = _MEMBER.fullmatch(word)
        return found[1] if found else None

    def problem(self, word: str) -> str:
        return f"“{word}” is nobody in Slack that I can make out."


class LoginKind(Kind):
    name = "login"
    allowed = "Allowed is a login on the code host, such as `alice-gh` or `@alice-gh`."

    def read(self, word: str) -> str | None:
        found = _LOGIN.fullmatch(word)
        return found[1] if found else None

    def problem(self, word: str) -> str:
        return f"“{word}” is no login."


class PersonOrLoginKind(Kind):
    name = "person or login"
    allowed = (
        "Allowed is a login on the code host, such as `alice-gh`; for somebody else their `@person`, picked from "
        "Slack's list as you type, stands before it."
    )

    def read(self, word: str) -> Me | Member | Login | None:
        if word.casefold() in ("me", "@me"):
            return Me()
        if found := _MEMBER.fullmatch(word):
            return Member(found[1])
        return Login(found[1]) if (found := _LOGIN.fullmatch(word)) else None

    def problem(self, word: str) -> str:
        return f"“{word}” is neither somebody in Slack nor a login."


class ChoiceKind(Kind):
    """One of a few words, each with its meaning; case does not matter."""

    name = "choice"

    def __init__(self, means: dict[str, bool]) -> None:
        self._means = means
        self.allowed = f"Allowed is {' or '.join(f'`{word}`' for word in means)}, or nothing."

    def read(self, word: str) -> bool | None:
        return self._means.get(word.casefold())

    def problem(self, word: str) -> str:
        return f"“{word}” is none of the words that may stand here."


def repo_in(word: str) -> str | None:
    """The repository that a name or a link names, a link's with its host unless that is GITHUB; None where neither."""
    address = address_of(word)
    found = _PATH.fullmatch(address[1]) if address else re.fullmatch(f"({_NAME})", word)
    if found is None:
        return None
    return found[1] if address is None or address[0] == GITHUB else f"{address[0]}/{found[1]}"
