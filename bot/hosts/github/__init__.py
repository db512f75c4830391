"""GitHub: deliveries verified and parsed, history read, both as flow events with the same ids."""

from __future__ import annotations

from bot.hosts.github.webhook import EVENTS, OF_A_REPO, parse, verify

__all__ = ["EVENTS", "OF_A_REPO", "parse", "verify"]
