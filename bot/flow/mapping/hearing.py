"""What an answer is, before it is clear what it means here: a command, a yes, a no, no idea, or text."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.flow.mapping.names import alike
from bot.flow.mapping.turns import Answer

BACK, SKIP, UNDO, HAVE, OVER, STOP, HELP, WHY = "back", "skip", "undo", "have", "over", "stop", "help", "why"
YES, NO, REST, UNSURE = "yes", "no", "rest", "unsure"
EMPTY, LONG, SLASH, GREETING, TEXT, FIELDS = "empty", "long", "slash", "greeting", "text", "fields"
MOST_TEXT = 3000
"""Characters of an answer; a line of 30 stages has fewer."""
_PHRASES: dict[str, str] = {
    BACK: "back|go back|step back|previous|previous question|last question|one back|back one|please go back",
    SKIP: "skip|skip it|skip this one|skip this question|skip that one|"
    "skip this|skip that|next|next question|pass|move on|leave it open|leave it|later|not now",
    UNDO: "undo|undo that|undo it|take it back|take that back|revert|oops|ctrl z|that was wrong|my mistake",
    HAVE: "what do we have|what do we have so far|what have we got|what have we|so far|show|show it|show me|show map|"
    "show the map|show us|where are we|status|summary|the map|list|list stages|the stages|stages|overview",
    OVER: "start over|start again|restart|from scratch|begin again|reset|start from scratch|all over",
    STOP: "stop|stop for today|stop for now|stop here|pause|enough|enough for today|that is it for today|quit|exit|bye|"
    "goodbye|cancel|done for today|tomorrow|another day|see you|continue later|abort",
    HELP: "help|help me|commands|what can i say|what can i do|what now|how|how does this work|what|huh|example",
    WHY: "why|what is that for|what is this for|what is it for|"
    "why do you ask|what for|what is that|what does that mean|what do you mean|what is this|which means|"
    "i do not understand|i don't understand",
    YES: "yes|y|yep|yeah|yup|ya|ok|okay|k|sure|fine|true|looks right|looks good|looks fine|lgtm|correct|right|"
    "that is right|that's right|exactly|accept|accept all|agreed|agree|perfect|good|great|nice|cool|all good|"
    "sounds good|sounds right|go on|go ahead|go|yes please|they are|it is|still right|keep|keep it|that is it|do it|+1",
    NO: "no|n|nope|nah|wrong|not right|no thanks|incorrect|false|they are not|it is not|disagree|-1|no way",
    REST: "the rest is fine|rest is fine|the rest is okay|the rest looks right|all fine|all of it is fine|"
    "defaults|take the defaults|use defaults|accept the rest|the rest is ok|everything is fine",
    UNSURE: "no idea|i have no idea|don't know|i don't know|do not know|i do not know|we don't know|dunno|idk|not sure|"
    "i am not sure|i'm not sure|unsure|no clue|who knows|tbd|n/a|na|maybe|hard to say|it depends|depends|unknown",
    GREETING: "hi|hello|hey|hallo|good morning|good afternoon|moin|thanks|thank you|thx|cheers|ta|welcome|hi there",
}
_MEANS = {phrase: kind for kind, phrases in _PHRASES.items() for phrase in phrases.split("|")}
_SIGNS = {
    "👍": YES, "✅": YES, "👌": YES, "✔": YES, "💯": YES, "🆗": YES, "👎": NO, "❌": NO, "🚫": NO, "🤷": UNSURE,
    "+1": YES, "thumbsup": YES, "white_check_mark": YES, "ok_hand": YES, "heavy_check_mark": YES, "ok": YES, "100": YES,
    "-1": NO, "thumbsdown": NO, "x": NO, "no_entry": NO, "shrug": UNSURE, "person_shrugging": UNSURE, "wave": GREETING,
}  # fmt: skip
"""What emoji mean that stand alone."""
COMMANDS = {
    BACK: "back", SKIP: "skip", UNDO: "undo", HAVE: "what do we have?", OVER: "start over", STOP: "stop for today",
}  # fmt: skip


class Heard(NamedTuple):
    """An answer as far as it can be told without the question."""

    kind: str
    text: str = ""
    """What was said, without Slack's markup."""
    note: str = ""
    """A line on what was left out of it."""


def hear(answer: Answer) -> Heard:
    """What somebody said. A choice is read as it is, since it is the program's own."""
    if answer.fields is not None:
        said = ", ".join(" ".join(value.split()) for value in answer.fields.values() if value.strip())
        return Heard(FIELDS, said)
    if answer.choice is not None:
        return Heard(_MEANS.get(answer.choice.casefold().rstrip("?"), TEXT), answer.choice)
    return _typed(answer.text)


def _typed(raw: str) -> Heard:
    if len(raw) > MOST_TEXT:
        return Heard(LONG, raw[:300])
    text, note = _unmarked(raw)
    text = _AGREEING.sub("", text)
    if _COMMAND.match(text):
        return Heard(SLASH, text, note)
    plain = _without_emoji(text)
    if not any(mark.isalnum() for mark in plain):
        return Heard(_sign(text) or _punctuation(text), text, note)
    return Heard(_MEANS.get(_said(plain), TEXT), text, note)


_AGREEING = re.compile(r"^(?:no|nope|yes|yeah|yep|ok|okay|well|sure|hm+|um+)[,.!:]+\s+(?=\w)", re.IGNORECASE)
_COMMAND = re.compile(r"/[a-z][\w-]*(?:\s|$)")
_BROADCAST = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#\w+\|([^>]*)>")
_STYLE = re.compile(r"(?<![\w*_~`])[*_~`]+(?=[^\s*_~`])|(?<=[^\s*_~`])[*_~`]+(?![\w*_~`])")
_BULLET = re.compile(r"^[ \t]*(?:(?:&gt;|>)(?!\s*\w*\s*(?:->|→))[ \t]*|[-•*][ \t]+|#{1,6}[ \t]+)", re.MULTILINE)
_SHORTCODE = re.compile(r":([a-z0-9_+-]+):(?::skin-tone-\d:)?")


def _unmarked(raw: str) -> tuple[str, str]:
    """Text without Slack's markup, and what to say about what was left out."""
    called = _BROADCAST.search(raw) is not None
    text = _LINK.sub(lambda link: link[1] if "/" in link[1] else link[2] or link[1], _BROADCAST.sub(" ", raw))
    text = text.replace("```", " ")
    text = _STYLE.sub("", _BULLET.sub("", _CHANNEL.sub(r"#\1", text)))
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    note = "I call nobody by “@channel” here." if called else ""
    return "\n".join(line for line in lines if line), note


def _said(text: str) -> str:
    """Text as the phrases are written."""
    said = " ".join(
        text.casefold().replace("’", "'").replace("that's", "that is").replace("what's", "what is").split()
    ).strip(" .!?,;:…\"“”'")
    said = re.sub(r"^(?:(?:ok|okay|well|oh|hm+|so|um+|please|let us|let's|we|can we)[, ]+)+(?=\w)", "", said)
    return re.sub(r"[, ]+(?:please|thanks|thank you|now|then|for now)$", "", said) if said not in _MEANS else said


def _without_emoji(text: str) -> str:
    return _SHORTCODE.sub(" ", text)


def _sign(text: str) -> str | None:
    """What emoji that stand alone mean; the first that means anything."""
    named = [found[1] for found in _SHORTCODE.finditer(text)]
    return next((_SIGNS[sign] for sign in (*named, *text) if sign in _SIGNS), None)


def _punctuation(text: str) -> str:
    """Marks that stand alone: a question mark asks for help, a dash leaves it open."""
    if text.strip() and not text.strip().strip("?¿"):
        return HELP
    return UNSURE if text.strip() and not text.strip().strip("-–—./") else EMPTY


def mistyped(text: str, least: float) -> str | None:
    """The command that a single mistyped word may mean."""
    if len(text.split()) > 3 or len(text) > 20:
        return None
    close = alike(text, [*COMMANDS.values(), "help"], 1, least)
    return close[0] if close else None


def has_letters(text: str, least: int = 2) -> bool:
    """Whether somebody said something in words rather than in digits, marks or a bare link."""
    plain = re.sub(r"https?://\S+|<[@!#][^>]*>", " ", _without_emoji(text))
    return sum(mark.isalpha() for mark in plain) >= least
