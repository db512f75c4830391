"""The pages that whoever installs Weir sees in their browser; each is whole in itself and runs nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import NamedTuple

MOST_NAME = 80
"""Characters that are shown of what a team calls itself."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2b2e; --paper: #f5f7f6; --card: #fff; --line: #d5dedb; --deep: #24505a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4ecea; --paper: #10191b; --card: #182427; --line: #2c3c40; --deep: #8cc4c9; }
}
body { margin: 0; padding: 2.5rem 1rem; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 system-ui, sans-serif; }
main { max-width: 36rem; margin: 0 auto; padding: 1.75rem 2rem; background: var(--card);
  border: 1px solid var(--line); border-top: 4px solid var(--deep); border-radius: 8px; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
p, ol { margin: 0 0 1rem; overflow-wrap: anywhere; }
ol { padding-left: 1.4rem; }
li { margin-bottom: .4rem; }
code { padding: .1em .35em; border: 1px solid var(--line); border-radius: 4px;
  white-space: nowrap; font: .9375em ui-monospace, monospace; }
a { color: var(--deep); font-weight: 600; }
:last-child { margin-bottom: 0; }
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page: its one style, and nothing else."""


class Page(NamedTuple):
    """What a page says: a title, sentences, steps to take (text with `code` in backquotes), a link at the end."""

    title: str
    said: Sequence[str] = ()
    steps: Sequence[str] = ()
    link: tuple[str, str] | None = None
    """(words, address)"""


def html_of(page: Page) -> str:
    """A page as HTML; whatever stands in it is text."""
    inner = [f"<h1>{escape(page.title)}</h1>", *(f"<p>{_marked(one)}</p>" for one in page.said)]
    if page.steps:
        inner.append(f"<ol>{''.join(f'<li>{_marked(one)}</li>' for one in page.steps)}</ol>")
    if page.link:
        words, address = page.link
        inner.append(f'<p><a href="{escape(address)}" rel="noreferrer">{escape(words)}</a></p>')
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(page.title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n" + "\n".join(inner) + "\n</main>\n</body>\n</html>\n"
    )


def _marked(text: str) -> str:
    """Text in which every other part between backquotes is code."""
    parts = [escape(part) for part in text.split("`")]
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def team_name(name: str) -> str:
    """What a team calls itself, as text of one line that says nothing but that."""
    shown = "".join(letter if letter.isprintable() and letter != "`" else " " for letter in name)
    shown = " ".join(shown.split())
    return (f"{shown[:MOST_NAME]}…" if len(shown) > MOST_NAME else shown) or "your workspace"


def installed(name: str, team: str, app: str, *, again: bool) -> Page:
    """Weir is installed in a team; `again` where it was before."""
    first = "Weir has a new token there; all it knew is as it was." if again else "Nobody is written to yet."
    return Page(
        f"Weir is installed in {team_name(name)}",
        [first, "In Slack, next:"],
        [
            "Type `/flow` in any channel: it answers you alone and says what can be asked.",
            "Connect a repository: `/flow connect OWNER/REPO`. Its history is read, and nobody is written to before "
            "you press “Switch on”.",
            "See who can be reached: `/flow people`.",
        ],
        ("Open Weir in Slack", f"https://slack.com/app_redirect?app={app}&team={team}"),
    )


def declined() -> Page:
    return Page(
        "Nothing was installed",
        ["You chose not to, or the time for it ran out. Weir kept nothing of it. You can come back whenever you like."],
    )


def begun_elsewhere() -> Page:
    return Page(
        "This install can't be finished here",
        [
            "It was begun in another browser, more than ten minutes ago, or is finished already. Nothing was changed.",
            "Please begin again, and go on in the same browser:",
        ],
        link=_AGAIN,
    )


def busy() -> Page:
    return Page(
        "Many are installing Weir just now",
        ["Nothing was changed, and your install can go on. Please load this page again in a moment."],
    )


def not_confirmed(reason: str) -> Page:
    """Slack gave no token; `reason` is its word, empty where it gave none."""
    why = f"Slack said `{reason}`." if reason else "Slack gave no clear answer."
    return Page(
        "Slack did not confirm the install", [f"{why} Nothing was installed. Please try once more:"], link=_AGAIN
    )


def not_for_organizations() -> Page:
    return Page(
        "Weir is installed workspace by workspace",
        [
            "You chose your whole organization. Nothing was installed, and nothing is kept of it.",
            "Please begin again, and choose one workspace on Slack's page:",
        ],
        link=_AGAIN,
    )


def tokens_expire() -> Page:
    return Page(
        "This Slack app gives tokens that expire",
        [
            "Weir works with tokens that hold until they are revoked. Nothing was installed.",
            "Please tell whoever runs Weir: token rotation is on in the Slack app's settings. It can't be switched off "
            "there; an app made anew from `weir manifest` has it off.",
        ],
    )


def not_listed(name: str, team: str) -> Page:
    return Page(
        f"{team_name(name)} is not on the list here",
        [
            "Nothing was installed, and nothing is kept of it.",
            f"Whoever runs Weir says which workspaces it may be installed in. Please ask them to add `{team}`, and "
            "which accounts on the code host are yours.",
        ],
    )


_AGAIN = ("Begin again", "install")
"""Relative to the address that Slack sends people back to."""
