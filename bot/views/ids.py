"""Every action id: what Slack sends back when somebody presses something."""

from __future__ import annotations

OPEN_ITEM = "open_item"
"""A link button that opens an item at its host; Slack reports the press, and it only wants an acknowledgement."""
ASK = "ask:"
"""Begins the ids of buttons that ask something again; the value says what, and which page."""
ASK_EARLIER, ASK_LATER = ASK + "earlier", ASK + "later"
