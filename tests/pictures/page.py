"""Blocks as a web page that looks like Slack, near enough to judge a message by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from typing import Any

Block = Mapping[str, Any]

STYLE = """
body { margin: 0; padding: 20px 24px; background: #fff; color: #1d1c1d; width: 640px;
       font: 15px/1.47 Lato, "Helvetica Neue", Arial, sans-serif; }
.message { display: flex; gap: 10px; margin-bottom: 18px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #24505a; color: #fff; font-weight: 900;
        text-align: center; line-height: 36px; }
.face.person { background: #8d6cab; }
.body { flex: 1; min-width: 0; }
.who { font-weight: 900; } .app { background: #eee; color: #616061; font-size: 10px; padding: 1px 4px; margin: 0 4px;
       border-radius: 3px; font-weight: 700; vertical-align: 1px; }
.at { color: #616061; font-size: 12px; margin-left: 4px; } .edited { color: #616061; font-size: 13px; }
.only { color: #616061; font-size: 13px; margin-bottom: 2px; }
.section { display: flex; gap: 12px; margin: 4px 0 6px; } .section > div:first-child { flex: 1; min-width: 0; }
.context { color: #616061; font-size: 13px; margin: 4px 0; }
.header { font-weight: 900; font-size: 18px; margin: 8px 0; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 6px 0 10px; } hr { border: 0; border-top: 1px solid #ddd; }
.button, .select { border: 1px solid rgba(29,28,29,.3); border-radius: 4px; padding: 4px 10px; font-size: 13px;
       font-weight: 700; background: #fff; white-space: nowrap; height: 18px; line-height: 18px; }
.select { font-weight: 400; } .select::after { content: " \\25BE"; color: #616061; }
.primary { background: #007a5a; border-color: #007a5a; color: #fff; } .danger { color: #e01e5a; border-color: #e01e5a; }
a { color: #1264a3; text-decoration: none; } .mention { background: #e8f5fa; color: #1264a3; border-radius: 3px;
    padding: 0 2px; } code { border: 1px solid #ddd; background: #f8f8f8; color: #e01e5a; border-radius: 3px;
    font-size: 12px; padding: 1px 3px; } pre { border: 1px solid #ddd; background: #f8f8f8; border-radius: 4px;
    padding: 8px; font-size: 12px; margin: 4px 0; }
.typed { background: #f8f8f8; border: 1px solid #ddd; border-radius: 8px; padding: 8px 12px; margin-bottom: 14px;
    font-family: monospace; }
"""


def page(parts: Iterable[str]) -> str:
    """A whole page of drawn parts, one below the other."""
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(parts)}"


def typed(text: str) -> str:
    """What somebody types."""
    return f'<div class="typed">{escape(text)}</div>'


def message(told: Block, at: str, names: Mapping[str, str], *, private: bool = False) -> str:
    """A message of Weir's; `names` of accounts and channels by their ids."""
    only = '<div class="only">Only visible to you</div>' if private else ""
    edited = '<div class="edited">(edited)</div>' if told.get("edits") else ""
    blocks = "".join(_block(block, names) for block in told["blocks"])
    who = f'<span class="who">Weir</span><span class="app">APP</span><span class="at">{escape(at)}</span>'
    return f'<div class="message"><div class="face">W</div><div class="body">{only}{who}{blocks}{edited}</div></div>'


def home(view: Block, names: Mapping[str, str]) -> str:
    """A home tab."""
    return "".join(_block(block, names) for block in view["blocks"])


def _block(block: Block, names: Mapping[str, str]) -> str:
    kind = block["type"]
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f'<div class="header">{_text(block["text"], names)}</div>'
    if kind == "context":
        return f'<div class="context">{" ".join(_text(one, names) for one in block["elements"])}</div>'
    if kind == "actions":
        return f'<div class="actions">{"".join(map(_element, block["elements"]))}</div>'
    beside = f"<div>{_element(block['accessory'])}</div>" if "accessory" in block else ""
    text = _text(block["text"], names) if "text" in block else ""
    fields = "".join(f"<div>{_text(one, names)}</div>" for one in block.get("fields", ()))
    return f'<div class="section"><div>{text}{fields}</div>{beside}</div>'


def _element(element: Block) -> str:
    if element["type"] == "button":
        return f'<div class="button {element.get("style", "")}">{escape(element["text"]["text"])}</div>'
    if element["type"] == "overflow":
        return '<div class="button">⋯</div>'
    label = element.get("initial_option", {}).get("text") or element.get("placeholder") or {"text": "…"}
    return f'<div class="select">{escape(label["text"])}</div>'


def _text(text: Block, names: Mapping[str, str]) -> str:
    if text["type"] == "plain_text":
        return escape(text["text"])
    return "".join(
        f"<pre>{part}</pre>" if i % 2 else _inline(part, names) for i, part in enumerate(text["text"].split("```"))
    )


def _inline(text: str, names: Mapping[str, str]) -> str:
    """Slack's markup as HTML; the text is escaped already, as Slack wants it."""
    text = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"<(https?://[^|>]+)>", r'<a href="\1">\1</a>', text)
    text = re.sub(r"<([@#])(\w+)(?:\|[^>]*)?>", lambda m: _mention(m[1], m[2], names), text)
    text = re.sub(r"<!date\^\d+\^[^|]*\|([^>]+)>", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s")):
        sign = re.escape(mark)
        pattern = rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+?)(?<=\S){sign}(?!\w)"
        text = re.sub(pattern, rf"<{tag}>\1</{tag}>", text)
    return text.replace("\n", "<br>")


def _mention(mark: str, id_: str, names: Mapping[str, str]) -> str:
    return f'<span class="mention">{mark}{escape(unescape(names.get(id_, id_)))}</span>'
