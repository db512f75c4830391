"""Messages as a terminal shows them: Slack's markup as styles of rich."""

from __future__ import annotations

import re
from html import unescape

from rich.console import Console, Group, RenderableType
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
_STRUCK = re.compile(r"~(?P<name>[^~\n]+)~ (?P<ending>.+)")
_STYLES = {"bold": "bold", "gone": "strike dim", "slanted": "italic"}


class Terminal(Console):
    """A console that raises BrokenPipeError where its reader is gone, as any other output does."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def shown(message: Message, head: str, style: str = "cyan") -> RenderableType:
    """A message in a frame that says to whom and when."""
    return Panel(
        Group(*(_block(block) for block in message.blocks)), title=head, title_align="left", border_style=style
    )


def settled(message: Message) -> list[str]:
    """The lines of a message that say what is over, in Slack's markup, without their marks."""
    texts = [block["text"]["text"] for block in message.blocks if "text" in block]
    return [line for text in texts for line in _over(text)]


def _over(text: str) -> list[str]:
    struck = _STRUCK.match(text)
    if struck:
        return [f"{struck['name']}: {struck['ending']}"]
    if text.startswith("✓ "):
        return [text[2:].replace("\n", ": ")]
    return [line[2:] for line in text.split("\n") if line.startswith("✓ ")]


def _block(block: Block) -> RenderableType:
    if block["type"] == "context":
        return Padding(Text.assemble(*(marked(one["text"]) for one in block["elements"]), style="dim"), (0, 0, 0, 2))
    controls = block["elements"] if block["type"] == "actions" else [block["accessory"]] if "accessory" in block else []
    text = marked(block["text"]["text"]) if "text" in block else Text()
    for control in controls:
        text.append("  " if text else "")
        text.append(f"[{_label(control)}]", style="reverse")
    return text


def _label(control: Block) -> str:
    return str((control.get("text") or control["placeholder"])["text"])


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
