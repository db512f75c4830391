"""Run the long form of every slow test: `python -m tests.long [pytest's own options]`.

The normal run leaves out what is marked `long`; here only that runs, one test after the other, with what it prints.
The property tests, whose long form is a matter of more examples, follow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
PROPERTIES = sorted(str(path) for path in TESTS.glob("test_*_properties.py"))


def run(*options: str) -> int:
    """The exit status of pytest."""
    command = [sys.executable, "-m", "pytest", *options]
    return subprocess.run(command, env={**os.environ, "WEIR_LONG": "1"}, check=False).returncode


def main(options: Sequence[str]) -> int:
    """0 where all is well."""
    return max(run(str(TESTS), "-n", "0", "-m", "long", "-s", *options), run(*PROPERTIES, *options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
