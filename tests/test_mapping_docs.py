"""The transcript in the documents is what the conversation says. `python tests/test_mapping_docs.py` writes it anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mapping_facts import KNOWING
from test_mapping import LINE, QUICK

from bot.flow.mapping import Answer, Row, Turn, advance, ask, begin
from bot.flow.stream_line import parse
from bot.flow.stream_words import responsible_said, signal_said, spelt

PAGE = Path(__file__).parents[1] / "docs" / "mapping.md"
START, END = "<!-- transcript -->\n", "<!-- end of the transcript -->"


def transcript() -> str:
    """The conversation of a team with a good proposal."""
    turn = ask(begin("orders"), KNOWING)
    lines = ["```text", *shown(turn)]
    for number, text in enumerate(QUICK, 1):
        turn = advance(turn.draft, Answer("alice", 0, text), KNOWING)
        lines += ["", f"{number:>2}. alice: {text}", "", *shown(turn)]
    return "\n".join([*lines, "```", ""])


def shown(turn: Turn) -> Iterator[str]:
    yield from turn.lines
    yield from map(row_shown, turn.rows)
    yield from turn.question
    if turn.choices:
        yield " ".join(f"[{choice.label}]" for choice in turn.choices)


def row_shown(row: Row) -> str:
    kind = "?" if row.active is None else "active" if row.active else "wait"
    told = ", ".join(map(signal_said, row.signals)) or "unmeasured"
    held = responsible_said(row.responsible) if row.responsible else ""
    target = spelt(row.target) if row.target else ""
    took = f"{row.median / 3600:.0f}h" if row.median else ""
    share = f"{row.share:.0%}" if row.share else ""
    return f"  {row.number}. {row.name:<8}{kind:<8}{held:<11}{told:<20}{target:<4}{took:>5}{share:>5}".rstrip()


def test_the_transcript_of_the_documents_is_what_is_said():
    assert PAGE.read_text().partition(START)[2].partition(END)[0] == transcript()


def test_the_line_of_the_documents_is_read():
    assert LINE in PAGE.read_text()
    assert len(parse(LINE)) == 5


def test_every_word_of_the_notation_in_the_documents_is_read():
    table = PAGE.read_text().partition("| | words |")[2].partition("\n\n")[0]
    for word in re.findall(r"`([^`]+)`", table):
        said = word.replace("NAME", "qa").replace("LOGIN", "bob").replace("SLUG", "qa").replace("@login", "@bob")
        assert len(parse(f"idea ({said}) -> live")) == 2


if __name__ == "__main__":
    head, _, rest = PAGE.read_text().partition(START)
    PAGE.write_text(head + START + transcript() + END + rest.partition(END)[2])
