"""What the program says of itself: one line an occurrence on standard error, never a secret in it.

JSON lines for machines, coloured text on a terminal. Ids (delivery, repository, item, message) are keys of their own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO
from urllib.parse import unquote, urlsplit

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.settings import Settings

HIDDEN = "***"
SHORTEST_SECRET = 6
"""Shorter values are left alone: hiding every "test" in a log would hide the log."""

_SHAPES = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|gh[a-z]_\w+|github_pat_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|sha256=[0-9a-f]{16,}|v0=[0-9a-f]{16,}|(?<=[Bb]earer )[^\s\"']+|(?<=://)[^\s/@:\"]*:[^\s/@\"]+(?=@)"
)
"""What looks like a token, a signature or the password of an address, whoever's it is."""
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON lets stand as it is, though some readers end a line there, and terminals take it for a command."""
_TALKATIVE = {
    **dict.fromkeys(("httpx", "httpcore", "apscheduler", "alembic", "slack_sdk", "waitress"), logging.WARNING),
    # It warns at every start that the token in the environment is not used as it would use it.
    "slack_bolt": logging.ERROR,
}


def configure(settings: Settings, stream: TextIO | None = None, *, least: int = logging.NOTSET) -> None:
    """Send structlog and the standard library's logging through one pipe to `stream` (standard error).

    What is below the settings' level or `least` is not logged.
    """
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    hide = _Hider(secrets_of(settings))
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(out), hide],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = max(least, getattr(logging, settings.weir_log_level.upper()))
    root.setLevel(level)
    for name, quiet_to in _TALKATIVE.items():
        logging.getLogger(name).setLevel(max(quiet_to, level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def quiet(settings: Settings) -> None:
    """Only what goes wrong is logged; for commands whose output is read by people or programs."""
    configure(settings, least=logging.WARNING)


def _renderer(out: TextIO) -> Processor:
    if out.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)

    def renderer(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", str(as_json(logger, method, event)))

    return renderer


def secrets_of(settings: Settings) -> list[str]:
    """Every value of the settings that must not be shown; a key of several lines is given line by line."""
    found = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)] + settings.secret_keys
    password = urlsplit(settings.database_url).password
    if password:
        found += [password, unquote(password)]
    lines = (line.strip() for value in found for line in (value, *value.splitlines()))
    return [line for line in lines if len(line) >= SHORTEST_SECRET and not line.startswith("-----")]


class _Hider:
    """The last step: the finished line with every known secret and all that looks like one struck out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = _any_of(sorted({form for value in secrets for form in _forms(value)}, key=len, reverse=True))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict | str) -> str:
        return self.hide(str(event))

    def hide(self, line: str) -> str:
        known = self._known.sub(HIDDEN, line) if self._known else line
        return _SHAPES.sub(HIDDEN, known)


def _forms(value: str) -> tuple[str, str]:
    """A secret as it is, and as JSON writes it."""
    return value, json.dumps(value, ensure_ascii=False)[1:-1]


def _any_of(texts: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, texts))) if texts else None


def hide(text: str, settings: Settings) -> str:
    """A text with every secret of the settings and all that looks like one struck out."""
    return _Hider(secrets_of(settings)).hide(text)
