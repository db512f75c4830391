"""A verb of `/flow`, as it is declared: help, usage and errors are read off it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import click

from bot.grammar.kinds import Kind
from bot.grammar.values import Misread, NoVerb, Value
from bot.views.help import Entry

COMMAND = "/flow"


class Takes(NamedTuple):
    """Something that may stand behind a verb: how usage shows it, and what kind of word it is."""

    shown: str
    kind: Kind
    needed: bool = False
    many: bool = False
    """It takes all the words that are left."""


class Verb(click.Command):
    """A verb: what it does, examples of it (typed, what comes of it), what it takes, and what that means together.

    `means` gets what each of `takes` was read as, in order; `press` is the label of a button that asks it at once.
    `more` are paragraphs that its help has besides.
    """

    def __init__(
        self, name: str, does: str, *examples: tuple[str, str], takes: tuple[Takes, ...] = (),
        means: Callable[..., Value] = lambda *only: only[0] if only else None, press: str | None = None,
        more: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        # What begins with a dash is a word like any other: there are no options.
        super().__init__(
            name, params=[_argument(place, one) for place, one in enumerate(takes)], options_metavar="",
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
        )  # fmt: skip
        self.means = means
        usage = " ".join([COMMAND, name, *(one.shown for one in takes)])
        allowed = " ".join(one.kind.allowed for one in takes if one.kind.allowed) or None
        self.entry = Entry(name, usage, does, examples, allowed, press, more)

    def read(self, words: list[str]) -> Value:
        """What the words behind the verb say; None for nothing. Raises Misread."""
        try:
            told = self.make_context(f"{COMMAND} {self.name}", words)
            if told.args:
                raise Misread(f"“{' '.join(told.args)}” is too much.")
            return self.means(*(told.params[param.name] for param in self.params if param.name))
        except click.MissingParameter as error:
            raise Misread(f"{_needed(error.param)} is missing.", self.name) from None
        except click.UsageError as error:
            raise Misread(f"{error.format_message().rstrip('.')}.", self.name) from None
        except NoVerb:
            raise
        except Misread as error:
            raise Misread(str(error), self.name, error.allowed) from None


def _argument(place: int, one: Takes) -> click.Argument:
    return click.Argument(
        [f"word{place}"], type=one.kind, metavar=one.shown, required=one.needed, nargs=-1 if one.many else 1
    )


def _needed(param: click.Parameter | None) -> str:
    """What has to stand there, as usage shows it, without what may be left out."""
    shown = (param.metavar if param else None) or "A word"
    while (needed := re.sub(r"\[[^\[\]]*\] *", "", shown)) != shown:  # brackets within brackets
        shown = needed
    return " or ".join(shown.split("|"))
