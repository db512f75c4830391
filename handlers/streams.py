"""Value streams: listed, shown, changed stage by stage, taken out and in as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import structlog
from slack_bolt import Ack, App

from bot import grammar
from bot.asking import stages, streams
from bot.asking.admins import NotAllowed, must_be_admin
from bot.asking.people import NotKnown, zone_of
from bot.context import Context
from bot.flow.stream import Stream
from bot.grammar import Misread, StreamWords
from bot.messenger import Passing, Undeliverable, Unknown
from bot.said import current
from bot.soon import answered, begun
from bot.store.streams import Kept
from bot.streams import pictures
from bot.streams.file import BadStream
from bot.streams.removing import remove
from bot.streams.saving import Outdated, Saved
from bot.views import help, modals, stream_form
from bot.views import stages as stage_views
from bot.views import streams as views
from bot.views.days import date_of
from bot.views.ids import STREAM_EDIT, STREAM_FORM
from bot.views.message import Message
from bot.views.pages import Again, again
from handlers.talk import SORRY, Answering, guarded, show

log = structlog.get_logger()
TOO_LATE = help.line("The window could not be opened in time. Please press again.")


def _streams(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return views.streams(streams.listed(ctx, now), asked, date_of(now, zone_of(ctx, user)))


def _stream(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now, zone = ctx.clock.now(), zone_of(ctx, user)
    held, stream, rest = streams.meant(ctx, words.words)
    match [word.casefold() for word in rest]:
        case []:
            return views.stream(streams.map_of(ctx, held, stream, now), zone, now, date_of(now, zone))
        case ["picture"]:
            told = streams.map_of(ctx, held, stream, now)
            return pictures.send_map(ctx, user, told, views.stream(told, zone, now, date_of(now, zone)))
        case ["history"]:
            return views.history(stream.name, streams.history_of(ctx, held), asked, zone, now)
        case ["export"]:
            return views.exported(stream.name, held.text, asked)
        case ["measure"]:
            return _measure(ctx, user, held, stream)
        case ["delete"]:
            return _delete(ctx, user, held, stream, asked)
    raise Misread(f"“{' '.join(rest)}” is too much behind “{stream.name}”.", grammar.STREAM)


def _measure(ctx: Context, user: str, held: Kept, stream: Stream) -> Message:
    more = streams.measured_again(ctx, user, held, ctx.clock.now())
    return views.measuring(stream.name, more=more)


def _delete(ctx: Context, user: str, held: Kept, stream: Stream, asked: Again) -> Message:
    """The button carries the version that was looked at, where a page would stand."""
    now = ctx.clock.now()
    must_be_admin(ctx, user, now)
    if not asked.sure:
        return stage_views.deleting(stream.name, held.version)
    if asked.page is None or not remove(ctx, user, held.key, asked.page, now):
        raise NotKnown(f"“{stream.name}” was changed meanwhile, so it is still there. Please look at it first.")
    return stage_views.deleted(stream.name)


def _stage(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now = ctx.clock.now()
    held, stream, rest = streams.meant(ctx, words.words)
    stage, said = streams.stage_meant(stream, rest)
    if not said:
        return stage_views.stage(streams.stage_of(ctx, held, stream, stage, now))
    if not asked.sure:
        return stage_views.edit(stages.proposal_of(ctx, user, held, stream, stage, said, now))
    done = stages.change(ctx, user, stream, stage, said, asked.page, now)
    return _told(done)


def _told(done: Saved, remarks: Sequence[str] = ()) -> Message:
    return stage_views.saved(done.stream.name, done.version, done.changes, remarks, other_way=done.other_way)


ANSWERS: dict[str, Answering] = {
    grammar.STREAMS: _streams,
    grammar.STREAM: _stream,
    grammar.STAGE: _stage,
}


def register(app: App, ctx: Context) -> None:
    """Listen to the buttons that open a map as YAML, and to that form."""

    @app.action(re.compile(f"^{STREAM_EDIT}"))
    def on_edit(ack: Ack, body: dict[str, Any]) -> None:
        open_form(ctx, ack, body, again(body["actions"][0].get("value")) or Again(""))

    @app.view(STREAM_FORM)
    def on_sent(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        _take(ctx, ack, str(body["user"]["id"]), view)


def open_form(ctx: Context, ack: Ack, body: dict[str, Any], asked: Again) -> None:
    """Open a stream's YAML to be changed: a window at once, as Slack allows three seconds, then what stands in it.

    `asked` names the stream (an empty name is a new one).
    """
    user = str(body["user"]["id"])

    def opened() -> str | None:
        try:
            return ctx.messenger.open_modal(str(body.get("trigger_id", "")), modals.moment(stream_form.TITLE))
        except (Passing, Unknown, Undeliverable) as error:
            log.warning("a window could not be opened", why=str(error))
            return None

    def after(id_: str | None) -> None:
        if id_ is None:
            show(ctx, body, TOO_LATE)
        else:
            ctx.messenger.update_modal(id_, _form(ctx, user, asked))

    begun(opened, after)
    ack()


def _form(ctx: Context, user: str, asked: Again) -> modals.Modal:
    """The form; or why there is none."""
    now = ctx.clock.now()
    found: list[modals.Modal] = []

    def look(ctx: Context) -> Message:
        must_be_admin(ctx, user, now)
        if not asked.text:
            found.append(stream_form.form(stream_form.EXAMPLE, "", 0))
        else:
            held, stream, _ = streams.meant(ctx, [asked.text])
            found.append(stream_form.form(held.text, stream.name, held.version))
        return Message("", ())

    refused = guarded(ctx, look)
    return found[0] if found else modals.answer(stream_form.TITLE, refused)


def _take(ctx: Context, ack: Ack, user: str, view: dict[str, Any]) -> None:
    """Save what the form says: a fault is shown at its input, what was saved in the window."""
    filled = stream_form.filled(view)
    before = json.loads(view.get("private_metadata") or "{}")

    def work() -> dict[str, Any]:
        try:
            return {"response_action": "update", "view": _saved(current(ctx), user, filled, before)}
        except BadStream as fault:
            return {"response_action": "errors", "errors": stream_form.fault(filled, str(fault), fault.line)}
        except (Outdated, NotAllowed, NotKnown) as error:
            return {"response_action": "errors", "errors": stream_form.fault(filled, str(error), None)}
        except Exception:
            log.exception("a map could not be saved")
            return {"response_action": "errors", "errors": stream_form.fault(filled, SORRY, None)}

    outcome = answered(work, lambda late: _show_late(ctx, str(view["id"]), filled, before, late))
    if outcome is None:
        ack(response_action="update", view=modals.moment(stream_form.TITLE))
    else:
        ack(**outcome)


def _saved(ctx: Context, user: str, filled: dict[str, str], before: dict[str, Any]) -> modals.Modal:
    of, over = before.get("of") or None, before.get("over")
    text = stream_form.text_of(filled)
    done, remarks = streams.imported(ctx, user, text, ctx.clock.now(), of=of, over=over)
    told = [f"{one.what} {one.advice}" for one in remarks]
    return modals.answer(stream_form.TITLE, _told(done, told))


def _show_late(ctx: Context, id_: str, filled: dict[str, str], before: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Slack was told to wait: what came of it goes into the window, beside a fault what was typed."""
    problem = "\n".join(outcome.get("errors", {}).values())
    text = stream_form.text_of(filled)
    view = outcome.get("view") or stream_form.form(text, before.get("of", ""), before.get("over", 0), problem)
    try:
        ctx.messenger.update_modal(id_, view)
    except (Passing, Unknown, Undeliverable) as error:
        log.warning("an answer could not be shown", why=str(error))
