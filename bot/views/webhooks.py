"""What became of a repository's webhook, in sentences; and how one is set up by hand."""

from __future__ import annotations

from collections.abc import Iterable

_INSTEAD = "I read it every few minutes instead."
MADE = "I set up a webhook, so I hear at once of what happens."
THERE = "Its webhook tells me at once of what happens."
OF_THE_APP = "The GitHub App's webhook tells me at once of what happens."
NO_ADDRESS = f"WEIR_PUBLIC_URL is not set, so no webhook can reach me. {_INSTEAD}"
NO_SECRET = f"GITHUB_WEBHOOK_SECRET is not set, so I take no webhooks. {_INSTEAD}"
TAKEN_BACK = "I removed the webhook that I had set up."


def lacking(events: Iterable[str]) -> str:
    """There is one, which does not tell of some events."""
    return (
        f"Its webhook tells me at once of what happens, but for: {', '.join(events)}. Those I read every few minutes; "
        "they can be added in the repository's settings, under Webhooks."
    )


def switched_off() -> str:
    return f"Its webhook is switched off in the repository's settings, under Webhooks. {_INSTEAD}"


def by_hand(why: str, address: str, events: Iterable[str]) -> str:
    """None could be set up; `why` is a sentence without its full stop."""
    return (
        f"{why}. {_INSTEAD} To have me hear at once, somebody who administers it can add a webhook in its settings: "
        f"payload URL {address}, content type application/json, the secret that GITHUB_WEBHOOK_SECRET holds, and these "
        f"events: {', '.join(events)}."
    )


def not_removed(why: str, address: str) -> str:
    """The one that was set up is still there; `why` is a sentence without its full stop."""
    return f"{why}. Please remove the webhook to {address} in the repository's settings, under Webhooks."
