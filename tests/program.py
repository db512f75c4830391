"""The real program as a process of its own, for tests: started, asked, killed, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from github_payloads import signed

ROOT = Path(__file__).parent.parent
SECRET = "webhook-secret"
PATIENCE = 60
"""Seconds after which a test gives up waiting."""


def wait_until(true: Callable[[], Any]) -> None:
    """Come back once something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


class Program:
    """`python -m bot …` in a directory; what it logs is kept, line by line."""

    def __init__(self, home: Path, command: str, **environment: str) -> None:
        known = {key: value for key, value in os.environ.items() if not key.startswith(("SLACK_", "GITHUB_", "WEIR_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", command],
            cwd=home,
            env={**known, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        self.lines.extend(self._process.stderr)

    def _logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens (0: nowhere); waits until it runs."""
        wait_until(
            lambda: any(line["event"] == "running" for line in self._logged()) or self._process.poll() is not None
        )
        assert self._process.poll() is None, self.lines
        return next(int(line["port"] or 0) for line in self._logged() if line["event"] == "running")

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def deliver(self, event: str, payload: dict[str, Any]) -> int:
        headers, body = signed(SECRET, event, payload)
        return self.ask("POST", "/webhooks/github", body, headers)[0]

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """Once it runs, ask for the end; the exit status."""
        assert self.port is not None
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def end(self) -> int:
        """Wait for an end it comes to by itself; the exit status."""
        return self._end()

    def _end(self) -> int:
        status = self._process.wait(PATIENCE)
        self._reader.join()
        if self._process.stderr:
            self._process.stderr.close()
        return status
