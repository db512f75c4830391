"""Photographs the gallery of blocks, light and dark, wide and narrow: `python -m tests.page FOLDER`.

With `--serve` it is only served, to look at in a browser; Ctrl-C ends that.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "bot" / "local" / "page"
POLICY = "default-src 'self'; img-src 'self' https: data:; style-src 'self'"
SHOTS = {"light": ("theme=light", 800, 4600), "dark": ("theme=dark", 800, 4600), "narrow": ("theme=light", 390, 5600)}


class Gallery(SimpleHTTPRequestHandler):
    """The gallery, and below /page/ what the page is made of, under the page's own rules."""

    def translate_path(self, path: str) -> str:
        if path.startswith("/page/"):
            return str(PAGE / path.removeprefix("/page/").partition("?")[0])
        return super().translate_path(path)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The gallery's address, while it is served on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Gallery, directory=str(HERE))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/gallery.html"
        server.shutdown()


def main(folder: Path) -> None:
    browser = shutil.which("chromium") or sys.exit("no chromium on the path; it takes the pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address:
        for name, (asked, width, height) in SHOTS.items():
            subprocess.run(
                [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 "--virtual-time-budget=5000", f"--window-size={width},{height}",
                 f"--screenshot={folder / name}.png", f"{address}?{asked}"],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            print(folder / f"{name}.png")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        with served() as here:
            print(here, flush=True)
            signal.pause()
    else:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/gallery"))
