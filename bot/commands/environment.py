"""The environment as commands need it: read, faults in one line, what is missing explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands import Refused

if TYPE_CHECKING:
    from bot.settings import Settings


def read_settings() -> Settings:
    """The settings of the environment. Raises Refused: the variable and what is allowed."""
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        said = str(fault["msg"]).removeprefix("Value error, ")
        if not fault["loc"]:  # a fault of several together names them itself
            raise Refused(said) from None
        raise Refused(f"{str(fault['loc'][0]).upper()}: {said[:1].lower()}{said[1:]}") from None


def explain_missing(settings: Settings, *, web: bool, worker: bool) -> str:
    """What is missing, where to get each, and what to do next; empty where nothing is."""
    from bot.checking.needs import missing, where_to_get

    names = missing(settings, web=web, worker=worker)
    if not names:
        return ""
    lines = [f"weir: {len(names)} {'setting is' if len(names) == 1 else 'settings are'} missing:", ""]
    lines += [f"  {name}  {where_to_get(name)}" for name in names]
    lines += ["", "Next: make the Slack app from `weir manifest`, set these in the environment, then run"]
    lines += ["`weir doctor`, which checks them one by one. To look around without any account: weir demo"]
    return "\n".join(lines)
