"""`weir --help` against Python's start and importing click alone. Aim: at most 1.5 times."""

from __future__ import annotations

import sys

from tests.bench.measure import in_turn, say


def main() -> None:
    ours, theirs = in_turn([[sys.executable, "-m", "bot", "--help"], [sys.executable, "-c", "import click"]], runs=20)
    say("weir --help against importing click", ours, theirs, 1.5)


if __name__ == "__main__":
    main()
