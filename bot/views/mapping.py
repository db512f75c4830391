"""A turn of a mapping conversation: what is said of the last answer, the map so far, the question, and its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bot.flow.mapping import Choice, Form, Row
from bot.flow.stream import Responsible
from bot.views.ids import MAP_CHECKS, MAP_CHOICE, MAP_COMMAND, MAP_DONE, MAP_FILL, MAP_MENU, MAP_SELECT, MAPPING
from bot.views.message import NAME, SECTION, Block, Message, aside, bare, joined, plain, section
from bot.views.streams import holder
from bot.views.words import working

FEW = 8
"""Choices that are buttons; more stand in a menu."""
MOST_BOXES, MOST_OPTIONS = 10, 100
LABEL = 75
LINE = 1_500
SMALL = (("Back", "back"), ("Skip", "skip"))
MENU = (("Undo", "undo"), ("What do we have?", "what do we have?"), ("Start over", "start over"),
        ("Stop for today", "stop for today"))  # fmt: skip
GO_ON = "go on"
CHOICES = "choices"
"""Ends the id of the block with a question's choices."""


class Told(NamedTuple):
    """A turn as it is shown; see bot.flow.mapping.Turn."""

    mapping: str
    turn: int
    """Counts the turns of the conversation."""
    name: str
    question_number: int
    """Of the question in the draft; an answer carries it back."""
    direct: bool
    """In a direct conversation, where one just types."""
    first: bool
    lines: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    choices: tuple[Choice, ...] = ()
    many: bool = False
    form: Form | None = None
    example: str = ""
    paused: bool = False
    saved: int | None = None
    """The version that was saved in it."""


def turn(told: Told, answers: Sequence[tuple[str, str]] | None, names: Mapping[str, str]) -> Message:
    """A turn; once it was answered (`answers`: who, what) without buttons. `names` are those of Slack's accounts."""
    head = [_heading(told)] if told.first else []
    said = [_marked(line, names) for line in (_SAVED.format(told=told) if told.saved else "", *told.lines) if line]
    asked = [_marked(line, names) for line in told.question]
    blocks: list[Block] = [section(joined(some, SECTION)) for some in ([*head, *said],) if some]
    if told.rows:
        blocks.append(_table(told.rows, names))
    if asked:
        blocks.append(section(joined(_strong(asked), SECTION)))
    small = [_example(told, names)] if answers is None else [_answer(by, what, names) for by, what in answers]
    if answers is None:
        blocks += _answering(told, names)
    small = [line for line in small or [_BELOW] if line]
    blocks += [aside(joined(small, SECTION))] if small else []
    rows = [
        "; ".join(plain(cell, 300) for cell in cells if cell not in ("?", "–")) for cells in _grid(told.rows, names)
    ]
    return Message(bare(joined([*head, *said, *rows, *asked, *small])) or told.name, tuple(blocks))


_BELOW = "It goes on below."
_SAVED = (
    "“{told.name}” is saved as version {told.saved}. `/flow stream {told.name}` shows its measures, and "
    "`/flow map {told.name}` changes it."
)


def line(text: str) -> Message:
    """A line in which code is marked."""
    said = _marked(text, {})
    return Message(bare(said), (section(said),))


def _heading(told: Told) -> str:
    how = "by a button or just by typing" if told.direct else "by a button, or in this thread with a mention of me"
    everybody = "Answer" if told.direct else "Everybody here may answer"
    return (
        f"*{plain(told.name, NAME)}*: let's map this value stream. {everybody}, {how}. Nothing holds before it is "
        "saved, which an administrator does at the end."
    )


def _strong(lines: Sequence[str]) -> list[str]:
    """What is asked stands out."""
    return [_asking(line) for line in lines]


def _asking(line: str) -> str:
    asked, mark, rest = line.partition("?")
    plainly = mark and rest[:1] in ("", " ") and "*" not in asked and "`" not in asked
    return f"*{asked}?*{rest}" if plainly else line


_ACCOUNT = re.compile(r"<@(\w+)(?:\|[^>]*)?>")


def _plain(text: str, names: Mapping[str, str], most: int = LINE) -> str:
    """Text from outside; accounts by name, as nobody is to be called by it."""
    return plain(_ACCOUNT.sub(lambda found: f"@{names.get(found[1], found[1])}", text), most)


def _marked(line: str, names: Mapping[str, str]) -> str:
    """A line in which code is marked."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return _plain(line, names)
    spaced = [_spaced(part, _plain(part, names)) for part in parts]
    return "".join(f"`{text}`" if place % 2 and text else text for place, text in enumerate(spaced))


def _spaced(part: str, text: str) -> str:
    """The blanks around a part, which are cut off it."""
    before, behind = part[:1].isspace(), part[-1:].isspace()
    return f"{' ' if before and text else ''}{text}{' ' if behind and (text or before) else ''}"


def _example(told: Told, names: Mapping[str, str]) -> str:
    return _marked(told.example, names) if told.example and told.question else ""


def _answer(by: str, said: str, names: Mapping[str, str]) -> str:
    return f"✓ *{plain(by, NAME)}*: {_plain(said, names, 300)}"


def _answering(told: Told, names: Mapping[str, str]) -> list[Block]:
    if told.saved is not None:
        return []
    if told.paused:
        return [_row(told, "small", [_button("Go on", f"{MAP_COMMAND}{GO_ON}", GO_ON)])]
    return [*_choices(told, names), _small(told)]


def _choices(told: Told, names: Mapping[str, str]) -> list[Block]:
    fill = [_button(_fill_label(told), MAP_FILL, "fill")] if told.form else []
    if not told.choices:
        return [_row(told, CHOICES, fill)] if fill else []
    if told.many:
        return [_row(told, CHOICES, [_several(told, names)]), *([_row(told, "fill", fill)] if fill else [])]
    if len(told.choices) > FEW:
        menu = {"type": "static_select", "action_id": MAP_SELECT, "placeholder": _text("Choose"),
                "options": _options(told.choices, names, MOST_OPTIONS)}  # fmt: skip
        return [_row(told, CHOICES, [menu, *fill])]
    buttons = [
        _button(_label(one, names), f"{MAP_CHOICE}{place}", str(place), "primary" if one.id == "save" else None)
        for place, one in enumerate(told.choices)
    ]
    return [_row(told, CHOICES, [*buttons, *fill])]


def _fill_label(told: Told) -> str:
    return "Something else …" if told.choices else "Fill in …"


def _several(told: Told, names: Mapping[str, str]) -> Block:
    if len(told.choices) <= MOST_BOXES:
        return {"type": "checkboxes", "action_id": MAP_CHECKS, "options": _options(told.choices, names, MOST_BOXES)}
    return {"type": "multi_static_select", "action_id": MAP_CHECKS, "placeholder": _text("Choose"),
            "options": _options(told.choices, names, MOST_OPTIONS)}  # fmt: skip


def _options(choices: Sequence[Choice], names: Mapping[str, str], most: int) -> list[Block]:
    return [
        {"text": _text(_label(one, names)), "value": str(place)} for place, one in enumerate(choices[:most])
    ]  # fmt: skip


def _label(one: Choice, names: Mapping[str, str]) -> str:
    text = " ".join(_ACCOUNT.sub(lambda found: f"@{names.get(found[1], found[1])}", one.label).split())
    return (text if len(text) <= LABEL else f"{text[: LABEL - 1]}…") or "…"


def _small(told: Told) -> Block:
    options = [{"text": _text(label), "value": value} for label, value in MENU]
    menu = {"type": "overflow", "action_id": MAP_MENU, "options": options}
    done = [_button("Done", MAP_DONE, "done", "primary")] if told.many and told.choices else []
    return _row(told, "small", [*done, *(_button(label, f"{MAP_COMMAND}{word}", word) for label, word in SMALL), menu])


def _row(told: Told, what: str, elements: list[Block]) -> Block:
    return {"type": "actions", "block_id": f"{MAPPING}{told.mapping}:{told.turn}:{what}", "elements": elements}


def place_of(block_id: str) -> tuple[str, int] | None:
    """(conversation, turn) of a block that something was pressed in; None where it is none of these."""
    found = re.fullmatch(rf"{MAPPING}(\w+):(\d{{1,9}}):\w+", block_id)
    return (found[1], int(found[2])) if found else None


def _button(label: str, id_: str, value: str, style: str | None = None) -> Block:
    button: Block = {"type": "button", "action_id": id_, "text": _text(label), "value": value}
    return {**button, "style": style} if style else button


def _text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


_COLUMNS = ("Stage", "Responsible", "Starts with", "Agreed", "Half / 85% within", "Share")


def _table(rows: Sequence[Row], names: Mapping[str, str]) -> Block:
    told = [_COLUMNS, *_grid(rows, names)]
    aligned: list[dict[str, Any]] = [{"align": "left", "is_wrapped": True}] * 3 + [{"align": "right"}] * 3
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in told]
    return {"type": "table", "rows": cells, "column_settings": aligned}


def _grid(rows: Sequence[Row], names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The cells of the stages; the last is the finish line, where nobody waits."""
    cells = [_cells(row, names) for row in rows]
    return [*cells[:-1], *((one[0], "finish line", one[2], "–", _reached(row), "–") for row, one in _last(rows, cells))]


def _last(rows: Sequence[Row], cells: Sequence[tuple[str, ...]]) -> list[tuple[Row, tuple[str, ...]]]:
    return [(rows[-1], cells[-1])] if rows else []


def _reached(row: Row) -> str:
    return f"{row.n:,} got there" if row.n else "–"


def _cells(row: Row, names: Mapping[str, str]) -> tuple[str, ...]:
    kind = {None: "?", True: "active", False: "wait"}[row.active]
    only = f" ({row.segment} only)" if row.segment else ""
    signals = "not measured" if row.unmeasured else ", ".join(map(str, row.signals)) or "?"
    agreed = "–" if row.target == 0 else working(row.target) if row.target else "?"
    times = "–" if row.median is None else f"{working(row.median)} / {working(row.p85 or 0)} (n={row.n:,})"
    share = "–" if row.share is None else f"{row.share:.0%}"
    who = _holder(row.responsible, names)
    return (f"{row.number}. {row.name}{only}", f"{kind}: {who}", signals, agreed, times, share)


def _holder(who: Responsible | None, names: Mapping[str, str]) -> str:
    return "?" if who is None else _ACCOUNT.sub(lambda found: f"@{names.get(found[1], found[1])}", holder(who))
