"""A message as a value, and the one place where text from outside is escaped and cut.

Limits are Slack's: 50 blocks, 3,000 characters a section, and an undocumented sum of about 13,000 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from bot.views.ids import OPEN_ITEM

Block: TypeAlias = dict[str, Any]

TITLE, NAME, URL = 150, 80, 300
"""Most characters, counted as Slack counts them: after escaping."""
SECTION, TEXT = 2_900, 3_900

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = str.maketrans({"*": "∗", "`": "'", "~": "∼"})
_EDGE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
"""Underscores that would begin or end italics; those within a name stay."""
# Zero-width joiners stay: emoji and several scripts need them.
_HARMLESS = re.compile(r"[!-%'-)+-;=?-_a-}]+(?: [!-%'-)+-;=?-_a-}]+)*")
_USUAL_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\s\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]+")


@dataclass(frozen=True)
class Message:
    """What is shown: blocks, and `text` that says the same for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


def plain(text: str, most: int = TITLE) -> str:
    """Text from outside as text and nothing else, on one line: escaped, markup made harmless, cut to `most`."""
    if len(text) <= most and _HARMLESS.fullmatch(text) and not ("_" in text and _EDGE.search(text)):
        return text
    words = _UNSEEN.sub(" ", text).strip().translate(_MARKUP)
    words = _EDGE.sub(lambda found: "ˍ" * len(found[0]), words) if "_" in words else words
    escaped = [_ENTITIES.get(char, char) for char in words[: most + 1]]
    if len(words) <= most and sum(map(len, escaped)) <= most:
        return "".join(escaped)
    while sum(map(len, escaped)) > most - 1:
        escaped.pop()
    return "".join(escaped).rstrip() + "…"


def escaped(text: str) -> str:
    """A text whose every letter and space counts, as itself where Slack reads markup."""
    return "".join(_ENTITIES.get(char, char) for char in text)


def web_address(url: str | None) -> str | None:
    """A web address that is safe inside a link; None where there is none or it is no such thing."""
    if not url:
        return None
    if len(url) <= URL and _USUAL_ADDRESS.fullmatch(url):
        return url
    if _UNSEEN.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    safe = quote(url, safe="%/:=&?#+,;@~!$'()[]*.-_")
    fit = parts.scheme in ("http", "https") and parts.netloc and len(safe.replace("&", "&amp;")) <= URL
    return safe if fit else None


def link(url: str | None, label: str) -> str:
    """A link in Slack's markup; the bare label where there is no address. The label is escaped already."""
    address = web_address(url)
    return f"<{address.replace('&', '&amp;')}|{label}>" if address else label


def section(text: str, url: str | None = None) -> Block:
    """A paragraph; with an address, an *Open* button beside it."""
    block: Block = {"type": "section", "text": _markup(text)}
    address = web_address(url)
    if address:
        label = {"type": "plain_text", "text": "Open", "emoji": False}
        block["accessory"] = {"type": "button", "action_id": OPEN_ITEM, "text": label, "url": address}
    return block


def aside(text: str) -> Block:
    """A line in small print."""
    return {"type": "context", "elements": [_markup(text)]}


def _markup(text: str) -> Block:
    # `verbatim` keeps Slack from finding mentions and channels in the text by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def bare(text: str) -> str:
    """Running text without its marks, for where it is read aloud."""
    return text.replace("*", "").replace("`", "")


def joined(lines: list[str], most: int = TEXT) -> str:
    """Lines as one text of at most `most` characters; whole lines are left out at the end, never halves."""
    kept: list[str] = []
    room = most - 2
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, "…"])
        kept.append(line)
    return "\n".join(kept)
