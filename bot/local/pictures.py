"""Pictures that an app uploads: taken, kept, and shown in messages once they are ready."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.local.limits import Refusal
from bot.local.workspace import Json, Workspace

MOST_FILE_ALT = 1_000
"""Characters that describe a file."""
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Upload:
    """A file on its way: bytes are sent to its address, and then it is said to be complete."""

    id: str
    length: int
    sent: bytes | None = None


@dataclass
class Pictures(Workspace):
    """A workspace that takes uploads. Of images it takes PNG alone."""

    uploads: str = ""
    """What the addresses for uploads begin with."""
    slow_pictures: int = 0
    """How often a message with a fresh picture is refused, as Slack does until it has looked at it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._uploads: dict[str, Upload] = {}
        self._unready: dict[str, int] = {}
        self._pictures: dict[str, bytes] = {}
        if self.shelf:
            self._pictures.update((id_, b64decode(kept)) for id_, kept in self.shelf.all("picture"))

    def begin_upload(self, length: int) -> tuple[str, str]:
        """(the id of a file of so many bytes, the key of the address it is to be sent to)"""
        with self._lock:
            key, id_ = secrets.token_urlsafe(18), f"F{secrets.token_hex(5).upper()}"
            self._uploads[key] = Upload(id_, length)
            return id_, key

    def take_upload(self, key: str, sent: bytes) -> str | None:
        """Take the bytes of a file; why they are refused, or None."""
        with self._lock:
            found = self._uploads.get(key)
            if found is None:
                return "nothing is to be sent here"
            if len(sent) != found.length:
                return f"{found.length:,} bytes were announced, and {len(sent):,} came"
            if not sent.startswith(PNG):
                return "only PNG is understood here"
            found.sent = sent
            return None

    def complete_uploads(self, ids: Sequence[str]) -> bool:
        """Keep files that were sent; False, and nothing is kept, where one was not."""
        with self._lock:
            mine = {one.id: (key, one.sent) for key, one in self._uploads.items() if one.id in ids}
            there = {id_: (key, sent) for id_, (key, sent) in mine.items() if sent is not None}
            if set(there) != set(ids):
                return False
            for id_, (key, sent) in there.items():
                del self._uploads[key]
                self._pictures[id_], self._unready[id_] = sent, self.slow_pictures
                self._keep("picture", id_, b64encode(sent).decode())
            return True

    def picture(self, id_: str) -> bytes | None:
        """A picture's bytes; None where there is none."""
        with self._lock:
            return self._pictures.get(id_)

    def picture_refusal(self, blocks: Sequence[Json]) -> Refusal | None:
        """Why these blocks can't be shown for the pictures in them: one is not there, or not ready."""
        with self._lock:
            wrong = [f"invalid slack file [json-pointer:{at}]" for at, file in _files(blocks) if not self._ready(file)]
        return Refusal("invalid_blocks", tuple(wrong)) if wrong else None

    def _ready(self, file: Json) -> bool:
        id_ = str(file.get("id"))
        left = self._unready.pop(id_, 0)
        if left:
            self._unready[id_] = left - 1
        return id_ in self._pictures and not left


def file_ids(told: Any) -> list[str]:
    """The ids in the `files` (a list or its JSON) of a call that completes uploads; none where it is nothing such."""
    try:
        files = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return []
    named = isinstance(files, list) and all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in files)
    return [one["id"] for one in files] if named else []


def _files(value: Any, at: str = "/blocks") -> Iterator[tuple[str, Json]]:
    """(place, file) of all uploaded files that blocks show."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, part in parts:
        if key == "slack_file":
            yield f"{at}/{key}", part
        else:
            yield from _files(part, f"{at}/{key}")
