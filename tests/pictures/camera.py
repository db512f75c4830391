"""A headless Chromium that photographs pages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

WIDTH = 690
NAMES = ("chromium", "chromium-browser", "google-chrome")


def photograph(html: str, to: Path, height: int = 3000) -> None:
    """Write a page's picture, cut to what is drawn on it. Raises FileNotFoundError without a Chromium."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        raise FileNotFoundError(f"no browser; one of {', '.join(NAMES)} takes the pictures")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html + _SIZE, encoding="utf-8")
        tall = _asked(browser, page, height)
        subprocess.run(
            [browser, *_HEADLESS, f"--window-size={WIDTH},{tall}", f"--screenshot={to}", page.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


_HEADLESS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1")
_SIZE = "<script>document.title = document.documentElement.offsetHeight</script>"


def _asked(browser: str, page: Path, height: int) -> int:
    """How tall the page is."""
    shown = subprocess.run(
        [browser, *_HEADLESS, f"--window-size={WIDTH},{height}", "--dump-dom", page.as_uri()],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return int(shown.stdout.partition("<title>")[2].partition("</title>")[0])
