"""Who is who: links made, doubted and taken back, who is not reached, and who may change what is agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.flow.forgetting import SOMEBODY
from bot.views.message import Block, Message, aside, bare, joined, plain, section
from bot.views.pages import Again, Confirm, ask_button, page_of
from bot.views.words import counted

LOGIN = 40
"""Most characters of a login: what a host allows, and what a button's label has room for."""
DAYS = 90
"""How far back the people are looked for who hold or wrote something."""


def account(user: str) -> str:
    """A Slack account as Slack shows it by name; nobody is told in an answer that only one person sees."""
    if user == SOMEBODY:  # who was forgotten since
        return user
    return f"<@{plain(user, LOGIN)}>"


class Linked(NamedTuple):
    """A login is somebody's; `waiting` counts what waits for it."""

    login: str
    user: str
    you: bool
    already: bool
    waiting: int
    claimed: bool = False
    """Whether nobody but the person says so, and that keeps what is private from them."""


class Unheard(NamedTuple):
    """Nobody of that login was ever heard of: is it a slip? `near` is a known one much like it."""

    login: str
    user: str
    you: bool
    near: str | None


class Taken(NamedTuple):
    """A login is somebody else's; `may` says whether the asker may have it moved."""

    login: str
    user: str
    you: bool
    owner: str
    may: bool


Answer = Linked | Unheard | Taken


def link(answer: Answer) -> Message:
    """What came of `/flow link`."""
    if isinstance(answer, Linked):
        return _linked(answer)
    return _unheard(answer) if isinstance(answer, Unheard) else _taken(answer)


def _linked(answer: Linked) -> Message:
    login, who = plain(answer.login, LOGIN), "you" if answer.you else account(answer.user)
    already = " already" if answer.already else ""
    waits = f"{counted(answer.waiting, 'thing')} {'waits' if answer.waiting == 1 else 'wait'}"
    for_whom = "you" if answer.you else "them"
    told = [
        f"*{login}* on GitHub is {who}{already}.",
        f"{waits if answer.waiting else 'Nothing waits'} for {for_whom}.",
    ]
    if not answer.already:
        told.append(f"`/flow unlink {login}` takes it back.")
    if answer.claimed:
        told.append(to_be_confirmed(answer.login))
    text = " ".join(told)
    button = [_row(ask_button("What waits on me", Again("waits")))] if answer.you and answer.waiting else []
    return Message(bare(text), (section(text), *button))


def to_be_confirmed(login: str) -> str:
    """What somebody can do whose login nobody confirmed yet."""
    return f"Private repositories are shown to you once an administrator says /flow link @you {plain(login, LOGIN)}."


def _unheard(answer: Unheard) -> Message:
    login = plain(answer.login, LOGIN)
    text = f"I have not heard of *{login}* yet: nobody of that login holds or wrote anything here."
    same = ask_button(f"Link {login} all the same", _again(answer, answer.login))
    if answer.near is None:
        text += " Is it spelt as on GitHub?"
        return Message(bare(text), (section(text), _row(same)))
    near = plain(answer.near, LOGIN)
    text += f" Did you mean *{near}*?"
    return Message(bare(text), (section(text), _row(ask_button(f"Link {near}", _again(answer, answer.near)), same)))


def _taken(answer: Taken) -> Message:
    login, owner = plain(answer.login, LOGIN), account(answer.owner)
    first = f"*{login}* on GitHub is {owner} already."
    if answer.may:
        text = f"{first} Is it {'you' if answer.you else account(answer.user)} instead?"
        return Message(bare(text), (section(text), _row(ask_button("Yes, change it", _again(answer, answer.login)))))
    text = (
        f"{first} If that is wrong, ask them to say `/flow unlink {login}`, or ask an administrator to: "
        "`/flow admins` shows who that is."
    )
    return Message(bare(text), (section(text),))


def _again(answer: Unheard | Taken, login: str) -> Again:
    return Again(f"link {login}" if answer.you else f"link <@{answer.user}> {login}", sure=True)


class Unlinked(NamedTuple):
    """A login is nobody's any more; with `guess`, it was only guessed that it might be somebody's."""

    login: str
    user: str
    you: bool
    guess: bool = False


def unlink(answer: Unlinked) -> Message:
    """What came of `/flow unlink`."""
    login, who = plain(answer.login, LOGIN), "you" if answer.you else account(answer.user)
    if answer.guess:
        text = f"Thank you. *{login}* on GitHub is not {who}; that is not asked again."
        return Message(bare(text), (section(text),))
    nobody = f"You hear nothing of what waits for {login}" if answer.you else f"Nobody hears of what waits for {login}"
    text = f"*{login}* on GitHub is not {who} any more. {nobody} until it is linked again."
    words = f"link {login}" if answer.you else f"link <@{answer.user}> {login}"
    return Message(bare(text), (section(text), _row(ask_button("Link it again", Again(words)))))


def beginning_with_question(message: Message, login: str | None) -> Message:
    """A message with the question before it whether a login is the reader's; without a login the message alone."""
    if login is None:
        return message
    blocks, said = question(login)
    return Message(f"{said}\n{message.text}", (*blocks, *message.blocks))


def question(login: str) -> tuple[tuple[Block, ...], str]:
    """(blocks, text): whether a login is the reader's, as somebody of their name has it."""
    shown = plain(login, LOGIN)
    text = f"Are you *{shown}* on GitHub?"
    yes = ask_button("Yes, that's me", Again(f"link {shown}", sure=True), style="primary")
    no = ask_button("No", Again(f"unlink {shown}", sure=True))
    return (section(text), _row(yes, no)), f"{bare(text)} Say /flow link {shown}, or /flow unlink {shown} if not."


class Gap(NamedTuple):
    """Somebody by their login whom nothing reaches: with `wrong`, what is wrong with the `slack` they are linked to;

    without it `slack` is a guess, or None.
    """

    login: str
    waiting: int
    slack: str | None = None
    wrong: str | None = None


class Link(NamedTuple):
    """A login that is a Slack account's, and how that is known."""

    login: str
    slack: str
    how: str


class Coverage(NamedTuple):
    """How many of the people who held or wrote something lately are reached, who is not, and who is who."""

    reached: int
    people: int
    gaps: Sequence[Gap]
    """Most waiting first."""
    linked: Sequence[str]
    """The logins of all who are linked, in order."""
    links: Mapping[str, Link]
    """Those of them that the page shows."""


class Asker(NamedTuple):
    """Whom the list is for: their account, whether they are linked, and whether they may link others."""

    user: str
    linked: bool
    admin: bool


def coverage(told: Coverage, asked: Again, asker: Asker) -> Message:
    """Who is not reached, with what helps; then who is who; by pages."""
    entries: list[Gap | str] = [*told.gaps, *told.linked]
    page = page_of(entries, asked)
    blocks, said, part = [section(_opening(told))], [bare(_opening(told))], None
    for one in page.shown:
        if type(one) is not part:
            part = type(one)
            heading = "Not reached" if isinstance(one, Gap) else "Who is who"
            blocks.append(section(f"*{heading}*"))
            said.append(f"{heading}:")
        text = _gap(one, asker) if isinstance(one, Gap) else _who(told.links[one])
        blocks.append(section(text))
        said.append(bare(text))
        buttons = _fixes(one, asker) if isinstance(one, Gap) else []
        blocks += [_row(*buttons)] if buttons else []
    return Message(joined([*said, *page.said]), (*blocks, *page.blocks))


def _opening(told: Coverage) -> str:
    who = f"who held or wrote something in the last {DAYS} days"
    if not told.people:
        return f"I know of nobody {who}."
    number = counted(told.people, "person", "people")
    if told.reached == told.people:
        return f"Everybody {who} is linked to Slack: {number}."
    return (
        f"{told.reached} of {number} {who} {'is' if told.reached == 1 else 'are'} linked to Slack and can be reached."
    )


def _who(one: Link) -> str:
    return f"*{plain(one.login, LOGIN)}* is {account(one.slack)} ({one.how})"


def _gap(one: Gap, asker: Asker) -> str:
    login = plain(one.login, LOGIN)
    waits = f"{counted(one.waiting, 'thing')} {'waits' if one.waiting == 1 else 'wait'} for them" if one.waiting else ""
    state = "nobody in Slack is linked"
    if one.slack:
        state = f"{account(one.slack)} {one.wrong}" if one.wrong else f"perhaps {account(one.slack)}, who has that name"
    return f"*{login}*: {'; '.join(part for part in (waits, state) if part)}. {_advice(one, login, asker)}".rstrip()


def _advice(one: Gap, login: str, asker: Asker) -> str:
    if one.slack and not one.wrong and (asker.admin or asker.user == one.slack):
        return "Is that right?"
    if asker.admin:
        return f"`/flow link @person {login}` links them."
    if not asker.linked:
        return f"Is that you? `/flow link {login}`"
    return "They can say `/flow link " + login + "`, or an administrator can link them."


def _fixes(one: Gap, asker: Asker) -> list[Block]:
    login = plain(one.login, LOGIN)
    if one.slack and not one.wrong and asker.user == one.slack:
        yes = ask_button("Yes, that's me", Again(f"link {login}", sure=True))
        return [yes, ask_button("No", Again(f"unlink {login}", sure=True))]
    if asker.admin and one.slack and one.wrong:
        return [ask_button(f"Unlink {login}", Again(f"unlink {login}"))]
    if asker.admin and one.slack:
        yes = ask_button(f"Yes, link {login}", Again(f"link <@{one.slack}> {login}", sure=True))
        return [yes, ask_button("No", Again(f"unlink {login}", sure=True))]
    if not asker.linked and not asker.admin and not one.slack:
        sure = Confirm("Is that you?", f"What waits for {login} on GitHub will be sent to you.", "Yes, that's me", "No")
        return [ask_button(f"I am {login}", Again(f"link {login}"), confirm=sure)]
    return []


def admins(named: Sequence[str]) -> Message:
    """Who may change what is agreed."""
    first = "Slack's administrators and owners may change what is agreed"
    text = f"{first}, and {_listed(list(map(account, named)))}." if named else f"{first}; nobody else is named."
    small = "`/flow admins add @person` names somebody else; `/flow log` shows who changed what."
    return Message(f"{text}\n{bare(small)}", (section(text), aside(small)))


def admin_changed(user: str, *, added: bool, really: bool) -> Message:
    """Somebody was named as administrator, or is no longer; not `really` where that was so before."""
    who = account(user)
    if added:
        text = f"{who} may change what is agreed{' now' if really else ' already'}."
    elif really:
        text = f"{who} may not change what is agreed any more, unless Slack has them as an administrator or owner."
    else:
        text = f"{who} is not among those named. Administrators and owners of Slack are kept in Slack's own settings."
    return Message(text, (section(text),))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}
