"""`/flow map`, and the doors of a mapping conversation: buttons, forms, mentions in its thread, direct messages."""

from __future__ import annotations

import json
import re
from typing import Any

import structlog
from slack_bolt import Ack, App

from bot import grammar
from bot.asking import mapping as asking
from bot.asking import streams
from bot.context import Context
from bot.flow.mapping import Answer
from bot.grammar import StreamWords
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.sight import as_seen_by
from bot.said import current
from bot.soon import answered, begun
from bot.store.mappings import Mapping
from bot.streams import mappings
from bot.streams.mappings import Outcome
from bot.views import help, map_asked, map_form, modals
from bot.views import streams as stream_views
from bot.views.ids import MAP_CHOICE, MAP_COMMAND, MAP_DONE, MAP_FILL, MAP_FORM, MAP_MENU, MAP_SELECT
from bot.views.mapping import CHOICES, GO_ON, Told, line, place_of
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import SORRY, Answering, on_press

log = structlog.get_logger()
HEARD = 2.5
"""Seconds until Slack is told that something was heard: up to then it says it again where the program is stopped."""
TOO_LATE = help.line("The window could not be opened in time. Please press again.")
SETTLED = help.line("That question is gone. The newest one is at the end of the conversation.")


def _map(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    if not words.words:
        return map_asked.overview(asking.overview_of(ctx, asked.place))
    *name, last = words.words
    match last.casefold() if name else "":
        case "export":
            held, stream, _ = streams.meant(ctx, name)
            return stream_views.exported(stream.name, held.text, asked)
        case "import":
            return map_asked.importing(*asking.to_import(ctx, " ".join(name)))
        case "discard":
            return _discard(ctx, user, " ".join(name), sure=asked.sure)
    return _begin(ctx, user, " ".join(words.words), asked)


def _begin(ctx: Context, user: str, said: str, asked: Again) -> Message:
    now, channel = ctx.clock.now(), asking.channel_of(ctx, asked.place)
    one, fresh = mappings.begin(ctx, user, asking.name_of(said), channel, now)
    if fresh:
        return map_asked.begun(one.name, channel, absent=channel is None and asked.place.startswith(("C", "G")))
    here = one.channel == channel and (channel is not None or one.user == user)
    if here:
        mappings.ask_again(ctx, one.id, now)
        return map_asked.asked_again(one.name, channel)
    if asked.sure:
        mappings.ask_again(ctx, one.id, now, user=user, to=(channel,))
        return map_asked.moved(one.name, channel)
    whose = None if one.channel else mappings.called(ctx, one.user)
    return map_asked.elsewhere(one.name, one.channel, whose, channel)


def _discard(ctx: Context, user: str, name: str, *, sure: bool) -> Message:
    one = asking.open_one(ctx, name)
    if not sure:
        return map_asked.discarding(one.name)
    mappings.give_up(ctx, one.id, mappings.called(ctx, user), ctx.clock.now())
    return map_asked.discarded(one.name)


ANSWERS: dict[str, Answering] = {grammar.MAP: _map}


def register(app: App, ctx: Context) -> None:
    """Listen to the buttons of its turns, to its forms, and to what people say to it."""

    @app.action(re.compile(f"^({MAP_CHOICE}|{MAP_COMMAND}|{MAP_SELECT}$|{MAP_DONE}$|{MAP_MENU}$)"))
    def on_choice(ack: Ack, body: dict[str, Any]) -> None:
        on_press(ctx, ack, body, lambda ctx: _pressed(ctx, body))

    @app.action(MAP_FILL)
    def on_fill(ack: Ack, body: dict[str, Any]) -> None:
        on_press(ctx, ack, body, lambda ctx: _fill(ctx, body))

    @app.view(MAP_FORM)
    def on_sent(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        _take(ctx, ack, str(body["user"]["id"]), view)

    @app.event("app_mention")
    def on_mention(event: dict[str, Any], body: dict[str, Any]) -> None:
        if _by_a_person(event):
            begun(lambda: _mentioned(_seen(ctx, event), event, body), _nothing, HEARD)

    @app.event("message")
    def on_message(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event.get("channel_type") == "im" and _by_a_person(event):
            begun(lambda: _typed(_seen(ctx, event), event, body), _nothing, HEARD)


def _seen(ctx: Context, event: dict[str, Any]) -> Context:
    """What holds now, for whoever said something."""
    return as_seen_by(current(ctx), str(event["user"]), str(event.get("channel") or ""))


def _by_a_person(event: dict[str, Any]) -> bool:
    return not event.get("subtype") and not event.get("bot_id") and bool(event.get("user"))


def _nothing(_: None) -> None:
    """What was said is answered in the conversation."""


# What is pressed.


def _place(body: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, int]] | None:
    action = body["actions"][0]
    place = place_of(str(action.get("block_id") or ""))
    return None if place is None else (action, place)


def _pressed(ctx: Context, body: dict[str, Any]) -> Message | None:
    found = _place(body)
    if found is None:
        return SETTLED
    action, (id_, number) = found
    user, now = str(body["user"]["id"]), ctx.clock.now()
    try:
        told = mappings.asked_in(ctx, id_, number)
    except LookupError:
        return SETTLED
    if action.get("value") == GO_ON:
        return None if mappings.ask_again(ctx, id_, now) else SETTLED
    chosen = _chosen(told, action, body)
    if not chosen:
        return help.line("Nothing is chosen yet. Mark at least one, then press Done.")
    said = Answer(mappings.called(ctx, user), now, choice=chosen, turn=told.question_number)
    key = f"press {number} {user} {chosen}"[:200]
    return _shown(mappings.answer(ctx, id_, said, user, key))


def _chosen(told: Told, action: dict[str, Any], body: dict[str, Any]) -> str:
    """What a press answers: ids of choices joined, or a command; empty for nothing."""
    id_ = str(action["action_id"])
    option = (action.get("selected_option") or {}).get("value")
    if id_.startswith(MAP_COMMAND):
        return str(action.get("value") or "")
    if id_ == MAP_MENU:
        return str(option or "")
    if id_.startswith(MAP_CHOICE):
        return _ids(told, [str(action.get("value"))])
    if id_ == MAP_SELECT:
        return _ids(told, [str(option)])
    boxes = f"{str(action['block_id']).rpartition(':')[0]}:{CHOICES}"
    block: dict[str, Any] = (body.get("state") or {}).get("values", {}).get(boxes, {})
    marked = [one["value"] for element in block.values() for one in element.get("selected_options") or ()]
    return _ids(told, marked)


def _ids(told: Told, places: list[str]) -> str:
    known = {str(place): one.id for place, one in enumerate(told.choices)}
    return ", ".join(known[place] for place in places if place in known)


def _shown(outcome: Outcome) -> Message | None:
    return None if outcome.line is None else line(outcome.line)


# What is filled in.


def _fill(ctx: Context, body: dict[str, Any]) -> Message | None:
    found = _place(body)
    if found is None:
        return SETTLED
    _, (id_, number) = found
    try:
        told = mappings.asked_in(ctx, id_, number)
    except LookupError:
        return SETTLED
    if told.form is None:
        return SETTLED
    try:
        ctx.messenger.open_modal(str(body.get("trigger_id", "")), map_form.form(told, told.form))
    except (Passing, Unknown, Undeliverable) as error:
        log.warning("a window could not be opened", why=str(error))
        return TOO_LATE
    return None


def _take(ctx: Context, ack: Ack, user: str, view: dict[str, Any]) -> None:
    """Take what a form says: a fault is shown at its field, everything else in the conversation."""
    before = json.loads(view.get("private_metadata") or "{}")
    filled = map_form.filled(view)

    def work() -> Outcome:
        try:
            return _filled(as_seen_by(current(ctx), user), user, before, filled)
        except LookupError:
            return Outcome("That question is gone. The newest one is at the end of the conversation.")
        except Exception:
            log.exception("an answer could not be taken")
            return Outcome(SORRY)

    outcome = answered(work, lambda late: _show_late(ctx, str(view["id"]), before, filled, late))
    if outcome is None:
        ack(response_action="update", view=modals.moment(view["title"]["text"]))
    elif outcome.errors:
        ack(response_action="errors", errors=map_form.errors(filled, outcome.errors))
    elif outcome.line is not None:
        ack(response_action="update", view=modals.answer(view["title"]["text"], line(outcome.line)))
    else:
        ack()


def _filled(ctx: Context, user: str, before: dict[str, Any], filled: dict[str, str]) -> Outcome:
    told = mappings.asked_in(ctx, str(before.get("mapping")), int(before.get("turn", 0)))
    now = ctx.clock.now()
    said = Answer(mappings.called(ctx, user), now, fields=filled, turn=told.question_number)
    key = f"form {told.turn} {user} {json.dumps(filled, sort_keys=True)}"[:200]
    return mappings.answer(ctx, told.mapping, said, user, key)


def _show_late(ctx: Context, id_: str, before: dict[str, Any], filled: dict[str, str], outcome: Outcome) -> None:
    """Slack was told to wait: what came of it goes into the window."""
    try:
        told = mappings.asked_in(ctx, str(before.get("mapping")), int(before.get("turn", 0)))
        ctx.messenger.update_modal(id_, map_form.late(told, filled, outcome.line, outcome.errors))
    except (LookupError, Passing, Unknown, Undeliverable) as error:
        log.warning("an answer could not be shown", why=str(error))


# What is said.


def _mentioned(ctx: Context, event: dict[str, Any], body: dict[str, Any]) -> None:
    channel, ts, root = str(event["channel"]), str(event["ts"]), str(event.get("thread_ts") or "")
    one = asking.in_thread(ctx, channel, root) if root else None
    to = f"={channel}:{root or ts}"
    if one is None or one.ended_at is not None:
        why = map_asked.NOT_HERE if one is None else mappings.over_line(one)
        mappings.tell(ctx, to, f"{channel} {ts}", why, ctx.clock.now())
        return
    _said(ctx, one, event, body, to)


def _typed(ctx: Context, event: dict[str, Any], body: dict[str, Any]) -> None:
    user, to = str(event["user"]), f"@{event['user']}"
    one = asking.direct(ctx, user)
    if one is None:
        mappings.tell(ctx, to, f"{event['channel']} {event['ts']}", map_asked.NOTHING_OPEN, ctx.clock.now())
        return
    _said(ctx, one, event, body, to)


def _said(ctx: Context, one: Mapping, event: dict[str, Any], body: dict[str, Any], to: str) -> None:
    user, key = str(event["user"]), f"{event['channel']} {event['ts']}"
    text = _without_us(str(event.get("text") or ""), body)
    outcome = mappings.answer(ctx, one.id, Answer(mappings.called(ctx, user), ctx.clock.now(), text=text), user, key)
    if outcome.line is not None:
        mappings.tell(ctx, to, key, outcome.line, ctx.clock.now())


def _without_us(text: str, body: dict[str, Any]) -> str:
    """What was said, without the mention that brought it here."""
    ours = [str(one["user_id"]) for one in body.get("authorizations") or () if one.get("user_id")]
    mention = re.compile(rf"<@({'|'.join(map(re.escape, ours)) or 'W'})(\|[^>]*)?>[:,]?\s*")
    return mention.sub("", text, count=1).strip()
