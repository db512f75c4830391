"""The far end of Slack's Socket Mode on loopback: one WebSocket that hands out envelopes and reads the answers."""

from __future__ import annotations

import base64
import hashlib
import json
import socketserver
import struct
import threading
from itertools import count
from typing import Any, BinaryIO

from slack_payloads import Hands, command

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class FakeSocket(Hands[str]):
    """`with FakeSocket() as link:`; `link.url` is what apps.connections.open answers.

    What people do comes back with the id of its envelope; `answer_to` says what was answered to that.
    """

    def __init__(self, response_url: str = Hands.response_url) -> None:
        self.response_url = response_url
        self._numbers = count(1)
        self._writing = threading.Lock()
        self.answers: list[dict[str, Any]] = []
        self.connected = threading.Event()
        self.silent = threading.Event()
        """No ping is answered any more, on the connections that there are; and none ends by itself."""
        self.greets = True
        """Whether a new connection is told hello."""
        self._out: BinaryIO | None = None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.link = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeSocket:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.server_address[1]}/link"

    def attach(self, out: BinaryIO) -> None:
        self._out = out
        if self.greets:
            self.send({"type": "hello", "num_connections": 1})
        self.connected.set()

    def command(self, text: str, user: str = "U0ALICE") -> str:
        return self.send_command({**command(text, user), "response_url": self.response_url})

    def send_command(self, payload: dict[str, Any]) -> str:
        return self._envelope("slash_commands", payload, accepts=True)

    def send_interaction(self, payload: dict[str, Any]) -> str:
        return self._envelope("interactive", payload, accepts=payload["type"] == "view_submission")

    def send_event(self, payload: dict[str, Any]) -> str:
        return self._envelope("events_api", payload, accepts=False)

    def answer_to(self, envelope: str) -> dict[str, Any] | None:
        """The acknowledgement of an envelope, with its `payload` where it has one; None before it came."""
        return next((one for one in list(self.answers) if one.get("envelope_id") == envelope), None)

    def _envelope(self, kind: str, payload: dict[str, Any], *, accepts: bool) -> str:
        id = f"envelope-{next(self._numbers)}"
        self.send({"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": accepts})
        return id

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        self.frame(TEXT, _size(len(body)) + body)

    def frame(self, opcode: int, sized: bytes) -> None:
        assert self._out is not None
        with self._writing:
            self._out.write(bytes([0x80 | opcode]) + sized)
            self._out.flush()


def _size(length: int) -> bytes:
    if length < 126:
        return bytes([length])
    return b"\x7e" + struct.pack(">H", length) if length < 65_536 else b"\x7f" + struct.pack(">Q", length)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    link: FakeSocket

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is part of the tests."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._silent = self.server.link.silent
        head = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            head[name.lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1((head["sec-websocket-key"] + _GUID).encode()).digest()).decode()
        self.wfile.write(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self.server.link.attach(self.wfile)
        while self._read():
            pass

    def _read(self) -> bool:
        first = self.rfile.read(2)
        if len(first) < 2 or first[0] & 15 == CLOSE:
            return False
        size = first[1] & 127
        if size == 126:
            (size,) = struct.unpack(">H", self.rfile.read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.rfile.read(8))
        mask = self.rfile.read(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(size)))
        if first[0] & 15 == PING and not self._silent.is_set():
            self.server.link.frame(PONG, bytes([len(body)]) + body)
        elif first[0] & 15 == TEXT:
            self.server.link.answers.append(json.loads(body))
        return True
