"""Messages as a terminal shows them: Slack's markup as styles of rich."""

from __future__ import annotations

import re
from html import unescape

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bot.views.message import Block, Message

_MARKUP = re.compile(
    r"<(?P<url>https?://[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])"
    r"|(?<![\w~])~(?P<gone>[^~\n]+)~(?![\w~])"
    r"|(?<![\w_])_(?P<slanted>[^_\n]+)_(?![\w_])"
)
_STYLES = {"bold": "bold", "gone": "strike dim", "slanted": "italic"}


def shown(message: Message, head: str, style: str = "cyan") -> RenderableType:
    """A message in a frame that says to whom and when."""
    return Panel(
        Group(*(_block(block) for block in message.blocks)), title=head, title_align="left", border_style=style
    )


def first_line(message: Message) -> str:
    """What a message comes to in one line."""
    return message.text.split("\n", 1)[0]


def _block(block: Block) -> RenderableType:
    if block["type"] == "context":
        return Padding(Text.assemble(*(marked(one["text"]) for one in block["elements"]), style="dim"), (0, 0, 0, 2))
    text = marked(block["text"]["text"])
    if "accessory" in block:
        text.append("  ")
        text.append(f"[{block['accessory']['text']['text']}]", style="reverse")
    return text


def marked(text: str) -> Text:
    """Slack's markup as styled text; what came from outside is unescaped last, so it stays text."""
    found, at = Text(), 0
    for match in _MARKUP.finditer(text):
        found.append(unescape(text[at : match.start()]))
        at = match.end()
        kind = match.lastgroup or ""
        if match["url"]:
            found.append_text(_link(match["url"], match["label"]))
        else:
            inner = marked(match[kind])
            inner.stylize(_STYLES[kind])
            found.append_text(inner)
    found.append(unescape(text[at:]))
    return found


def _link(url: str, label: str | None) -> Text:
    text = marked(label) if label else Text(url)
    text.stylize(f"underline link {unescape(url)}")
    return text
