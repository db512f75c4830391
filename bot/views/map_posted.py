"""What is said to somebody who asked for a map as a picture."""

from __future__ import annotations

from bot.views.message import NAME, Message, plain, section
from bot.views.pages import ask_button
from bot.views.streams import show

_WHY = {
    "files_missing_scope": "Weir's app may not upload files yet: an administrator updates it from `weir manifest` and "
    "reinstalls it.",
    "file_uploads_disabled": "Uploads are switched off in this workspace.",
    "file_not_ready": "Slack did not have it ready in time.",
}


def posted(name: str, lacking: str | None) -> Message:
    """The map is in the direct messages; `lacking` is why without its picture, in Slack's word."""
    what = f"The map of *{plain(name, NAME)}* is in your direct messages with Weir"
    if lacking is None:
        return _said(name, f"{what}, as a picture.")
    why = _WHY.get(lacking, f"Slack did not take it ({plain(lacking, NAME)}).")
    return _said(name, f"{what}, without its picture. {why}")


def not_posted(name: str, why: str) -> Message:
    """Not even the message came through; `why` in Slack's word."""
    return _said(
        name, f"The map of *{plain(name, NAME)}* could not be posted: {plain(why, NAME)}. Please try again soon."
    )


def _said(name: str, text: str) -> Message:
    back = {"type": "actions", "elements": [ask_button("Show the map", show(name))]}
    return Message(text.replace("*", ""), (section(text), back))
