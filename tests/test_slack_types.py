"""What Weir says, and what the Slack on loopback takes, is what Slack's own TypeScript types say."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from all_said import AllSaid, all_said
from slack_limits import BLOCKS, VIEWS

Json = dict[str, Any]
TYPES = Path(__file__).parent / "types"
MODULES = TYPES / "node_modules"
TSC = MODULES / "typescript" / "bin" / "tsc"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not TSC.exists(),
    reason="Slack's types are not there: they need Node and `npm install --prefix tests/types`",
)

# A view's blocks may be of any kind in Slack's types, so that a slip in one would pass for a kind they don't know.
HEAD = """import type { HomeView, KnownBlock, ModalView } from "@slack/types";
type Message = { text: string; blocks: KnownBlock[] };
type Strict<V> = Omit<V, "blocks"> & { blocks: KnownBlock[] };
"""


def complaints(folder: Path, **constants: tuple[str, list[Json]]) -> list[str]:
    """What the compiler says of constants, each `(its type, its values)`, one value a line."""
    written = [
        f"export const {name}_{place}: {kind} = {json.dumps(value)};"
        for name, (kind, values) in constants.items()
        for place, value in enumerate(values)
    ]
    (folder / "said.ts").write_text(HEAD + "\n".join(written) + "\n")
    paths = {"@slack/types": [str(MODULES / "@slack" / "types")]}
    config = {"extends": str(TYPES / "tsconfig.json"), "compilerOptions": {"paths": paths}, "files": ["said.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    run = subprocess.run(
        ["node", str(TSC), "--pretty", "false"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert bool(run.stdout) == bool(run.returncode), run.stderr
    return run.stdout.splitlines()


def said_of(folder: Path, said: AllSaid) -> list[str]:
    return complaints(
        folder,
        message=("Message", said.messages),
        home=("Strict<HomeView>", said.homes),
        modal=("Strict<ModalView>", said.modals),
    )


def test_all_that_is_said_is_as_slacks_types_say(tmp_path: Path) -> None:
    said = all_said(tmp_path)
    assert min(len(said.messages) // 10, len(said.homes), len(said.modals)) >= 4
    # Charts are what Slack's types have not yet; NEWER fails once they have.
    without = [{**one, "blocks": [at for at in one["blocks"] if at["type"] != "data_visualization"]}
               if one.get("blocks") else one for one in said.messages]  # fmt: skip
    assert without != said.messages
    assert said_of(tmp_path, AllSaid(without, said.homes, said.modals)) == []


NEWER = {"where a list begins", "how columns stand"} | {
    name for name, (at, _) in BLOCKS.items() if at["type"] == "data_visualization"
}
"""What Slack's reference has and its types have not: charts, the `offset` of a list, null for a column as it is."""


def test_the_blocks_that_the_slack_on_loopback_takes_are_as_slacks_types_say(tmp_path: Path) -> None:
    found = complaints(tmp_path, block=("KnownBlock", [at for at, _ in BLOCKS.values()]))
    names = list(BLOCKS)
    assert {names[place] for place in _lines(found)} == NEWER


def test_the_views_that_the_slack_on_loopback_takes_are_as_slacks_types_say(tmp_path: Path) -> None:
    homes, modals = ([at for at, _ in VIEWS.values() if at["type"] == kind] for kind in ("home", "modal"))
    assert said_of(tmp_path, AllSaid([], homes, modals)) == []


def _lines(found: list[str]) -> set[int]:
    """Which constants are complained of, the first of them being 0."""
    first = HEAD.count("\n") + 1
    return {int(line.split("(")[1].split(",")[0]) - first for line in found if line.startswith("said.ts(")}


SLIPS: dict[str, Json] = {
    "a style that is none": {"type": "actions", "elements": [
        {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}, "style": "loud"},
    ]},
    "a title with markup": {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    "a field that is none": {"type": "divider", "color": "red"},
    "a kind that is none": {"type": "poem"},
}  # fmt: skip


def test_a_slip_is_found_in_messages_homes_and_windows(tmp_path: Path) -> None:
    title = {"type": "plain_text", "text": "x"}
    slips = AllSaid(
        [{"text": "x", "blocks": [slip]} for slip in SLIPS.values()],
        [{"type": "home", "blocks": [slip]} for slip in SLIPS.values()],
        [{"type": "modal", "title": title, "blocks": [slip]} for slip in SLIPS.values()],
    )
    assert _lines(said_of(tmp_path, slips)) == set(range(3 * len(SLIPS)))
