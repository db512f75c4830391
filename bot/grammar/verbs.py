"""The verbs of `/flow`: each is declared once; help, usage and errors are read off the declaration."""

from __future__ import annotations

import click

from bot.grammar import hours, kinds, terms
from bot.grammar.improving import IMPROVING
from bot.grammar.kinds import AnyWord, Kind
from bot.grammar.value import VALUE
from bot.grammar.values import Asked, ConnectWords, Misread, NoVerb, StreamWords
from bot.grammar.verb import Takes, Verb
from bot.grammar.words import words_of
from bot.views.help import Topic
from bot.views.pages import MOST_ASKED

HELP, WAITS, WHY, NUDGE = "help", "waits", "why", "nudge"
HOURS, AWAY, BACK, MUTE, UNMUTE, MORNING = "hours", "away", "back", "mute", "unmute", "morning"
LINK, UNLINK = "link", "unlink"
REPOS, TARGETS, PEOPLE = "repos", "targets", "people"
STREAMS, STREAM, STAGE, MAP = "streams", "stream", "stage", "map"
CONNECT, DISCONNECT, DOCTOR, LOG, ADMINS = "connect", "disconnect", "doctor", "log", "admins"


class _HelpKind(Kind):
    name = "verb"
    allowed = "Allowed is one of the verbs that `/flow help` lists, or nothing."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value).casefold()
        if word not in VERBS and word not in TOPICS:
            raise NoVerb(str(value))
        return word


_ITEM = Takes("ITEM", kinds.ItemKind(), needed=True)
_EITHER = kinds.ItemOrRepoKind()

_WAITING = (
    Verb(
        WAITS, "shows what waits on somebody, what of theirs waits on others, or what waits in a repository, most "
        "overdue first",
        ("/flow waits", "what waits on you, and what of yours waits on others"),
        ("/flow waits @bob", "the same for bob"),
        ("/flow waits #shop", "what waits in the repositories of a channel"),
        ("/flow waits acme/shop", "what waits in a repository"),
        takes=(Takes("[me | @person | #channel | REPO]", kinds.WhomKind()),), press="What waits on me",
    ),
    Verb(
        WHY, "shows whose turn it was on one item, when, until what and for how long, and whose turn it is now",
        ("/flow why acme/shop#12", "whose turn it was and is, and why"),
        ("/flow why #12", "the same, where there is only one repository"),
        ("/flow why https://github.com/acme/shop/pull/12", "the same, by its link"),
        takes=(_ITEM,),
    ),
    Verb(
        NUDGE, "asks kindly, and now, whoever it is whose turn it is on an item of yours; once a working day an item",
        ("/flow nudge acme/shop#12", "asks kindly now, once a working day"),
        takes=(_ITEM,),
    ),
)  # fmt: skip
_OWN = (
    Verb(
        HOURS, "shows or sets your working hours and time zone: you are nudged inside them only, and only they count",
        ("/flow hours", "your working hours and time zone"),
        ("/flow hours Europe/Berlin", "another time zone"),
        ("/flow hours reset", "back to everybody's hours, and to the time zone that Slack tells"),
        ("/flow hours 9-13 14-17 Mon-Thu 9-13 Fri", "hours with a break, and a short Friday"),
        ("/flow hours 9-17 Mon-Fri Europe/Berlin", "your hours, days and time zone"),
        takes=(Takes("[9-17] [Mon-Fri] [ZONE]", AnyWord(hours.ALLOWED), many=True),),
        means=hours.hours_words, press="My hours",
    ),
    Verb(
        AWAY, "says when you are away: no clock of yours runs then, and you are not nudged",
        ("/flow away until friday", "no nudges until friday, that day included"),
        ("/flow away", "away from today on, until you are back"),
        ("/flow away tomorrow", "away for a day"),
        ("/flow away 24 Dec to 2 Jan", "away from a day to a day, both included"),
        takes=(Takes("[until DAY | DAY to DAY | DAY]", AnyWord(terms.AWAY), many=True),), means=terms.away_words,
    ),
    Verb(BACK, "says that you are back: what was left of your days away is taken back", ("/flow back", "back again")),
    Verb(
        MUTE, "keeps nudges about one item or one repository from you",
        ("/flow mute acme/shop#12 until friday", "no nudges about one item until friday, that day included"),
        ("/flow mute #12", "none about one item, where there is only one repository"),
        ("/flow mute acme/shop until 24 Dec", "none about a repository"),
        takes=(Takes("ITEM|REPO", _EITHER, needed=True), Takes("[until DAY]", AnyWord(terms.UNTIL), many=True)),
        means=terms.mute_words,
    ),
    Verb(
        UNMUTE, "lets you hear again of an item, of a repository, or of all that you muted",
        ("/flow unmute", "hear again of all that you muted"),
        ("/flow unmute acme/shop#12", "hear again of one item"),
        takes=(Takes("[ITEM|REPO]", _EITHER),), means=terms.unmute_words,
    ),
    Verb(
        MORNING, "shows whether you get one message at the start of your working day, or switches it on or off",
        ("/flow morning", "whether you get a message in the morning"),
        ("/flow morning off", "no message in the morning"),
        takes=(Takes("[on | off]", kinds.ChoiceKind({"on": True, "off": False})),), press="My morning message",
    ),
    Verb(
        LINK, "says who is who: which login on the code host is yours, or somebody's",
        ("/flow link alice-gh", "this login on the code host is yours"),
        ("/flow link @bob bob-gh", "this one is bob's"),
        takes=(Takes("[@person] LOGIN", kinds.PersonOrLoginKind(), needed=True, many=True),),
        means=terms.link_words,
    ),
    Verb(
        UNLINK, "takes it back that a login on the code host is somebody's",
        ("/flow unlink alice-gh", "this login is not yours after all"),
        takes=(Takes("LOGIN", kinds.LoginKind(), needed=True),),
    ),
)  # fmt: skip
_TEAM = (
    Verb(
        REPOS, "shows the connected repositories, when each was last heard of, and what is wrong",
        ("/flow repos", "the connected repositories, and what is wrong"), press="Repositories",
    ),
    Verb(
        TARGETS, "shows the working time that is agreed for each kind of wait, or changes it after you saw what nudges "
        "that would have meant",
        ("/flow targets", "what is agreed for each kind of wait"),
        ("/flow targets acme/shop", "what is agreed in one repository"),
        ("/flow targets review 8h", "8 hours for a review, everywhere"),
        ("/flow targets shop review 4h merge none", "4 hours for a review in one repository, and none for a merge"),
        takes=(Takes("[REPO] [KIND DURATION]…", AnyWord(terms.TARGETS), many=True),), means=terms.target_words,
        press="Targets",
    ),
    Verb(
        PEOPLE, "shows who is who, who can't be reached, and what helps",
        ("/flow people", "who is who, and who can't be reached"), press="People",
    ),
)  # fmt: skip
_STREAMS = (
    Verb(
        MAP, "maps a value stream in a conversation: it begins with what your history shows and asks one thing at a "
        "time; in a channel everybody can take part",
        ("/flow map Shop", "asks about a value stream, in this channel or in a direct message; or goes on with it"),
        ("/flow map", "what is being mapped, and what can be"),
        ("/flow map Shop export", "the map as YAML; import takes one"),
        ("/flow map Shop discard", "gives up what was answered so far"),
        takes=(Takes("[NAME [export | import | discard]]", AnyWord(terms.MAP), many=True),), means=StreamWords,
    ),
    Verb(
        STREAMS, "shows the value streams: what each is for, its stages, where most time goes, and its next review",
        ("/flow streams", "the value streams, and where time goes in them"), press="Value streams",
    ),
    Verb(
        STREAM, "shows the map of a value stream: who is responsible for each stage, how long things take there, and "
        "what waits longest",
        ("/flow stream Shop", "its map, and how long each stage takes"),
        ("/flow stream Shop picture", "the map as a picture, sent to you"),
        ("/flow stream Shop history", "its versions, and who changed what"),
        ("/flow stream Shop export", "the map as YAML"),
        takes=(
            Takes(
                "NAME [picture | history | export | measure | delete]", AnyWord(terms.STREAM), needed=True, many=True
            ),
        ),
        means=StreamWords,
    ),
    Verb(
        STAGE, "shows one stage of a value stream, or changes it after you saw what that means",
        ("/flow stage Shop QA", "who is responsible, what tells of it, and what is in it now"),
        ("/flow stage Shop QA rename Acceptance", "another name"),
        ("/flow stage Shop QA policy two people look at it",
         "what is agreed; proof and does say how one knows it is done, and what happens"),
        ("/flow stage Shop QA for Enterprise target 4h", "another target for one segment"),
        ("/flow stage Shop QA wait, @bob, 8h, label qa", "what it is, who ends it, its target, and what tells of it"),
        takes=(Takes("STREAM STAGE [CHANGE]", AnyWord(terms.STAGE), needed=True, many=True),),
        means=StreamWords,
    ),
)  # fmt: skip
_ADMIN = (
    Verb(
        CONNECT, "checks the access to a repository, follows it, reads its history, and suggests targets; it stays "
        "silent until those are switched on",
        ("/flow connect acme/shop", "follow a repository"),
        ("/flow connect acme/shop #shop", "follow it, and tell a channel what waits on a team"),
        takes=(
            Takes("OWNER/REPO", kinds.OwnedRepoKind(), needed=True), Takes("[#channel]", kinds.ChannelKind()),
        ),
        means=ConnectWords,
    ),
    Verb(
        DISCONNECT, "stops following a repository",
        ("/flow disconnect acme/shop", "follow it no more"),
        takes=(Takes("REPO", kinds.RepoKind(), needed=True),),
    ),
    Verb(
        DOCTOR, "shows how deliveries fare, who is not mapped, which webhooks went quiet, what is left of the rate "
        "limits, and how many nudges were called wrong",
        ("/flow doctor", "whether all is well"), press="Health",
    ),
    Verb(
        LOG, "shows what was changed from Slack: when, by whom, from what to what",
        ("/flow log", "who changed what, and when"), press="Changes",
    ),
    Verb(
        ADMINS, "shows who may change what is agreed, besides Slack's administrators and owners, and names others",
        ("/flow admins", "who may change what is agreed"),
        ("/flow admins remove @bob", "bob no more"),
        ("/flow admins add @bob", "bob too"),
        takes=(
            Takes("[add|remove", kinds.ChoiceKind({"add": True, "remove": False})),
            Takes("@person]", kinds.PersonKind()),
        ),
        means=terms.admin_words, press="Administrators",
    ),
)  # fmt: skip
_HELP = Verb(
    HELP, "shows what can be asked, by example",
    ("/flow help", "this list"),
    ("/flow help why", "more about one verb"),
    takes=(Takes("[VERB]", _HelpKind()),),
)  # fmt: skip

VERBS: dict[str, Verb] = {
    verb.entry.name: verb for verb in (*_WAITING, *_OWN, *_TEAM, *_STREAMS, *VALUE, *IMPROVING, *_ADMIN, _HELP)
}
ENTRIES = tuple(verb.entry for verb in VERBS.values())
TOPICS: dict[str, Topic] = {
    name: Topic(name, heading, tuple(verb.entry for verb in verbs))
    for name, heading, verbs in (
        ("waiting", "What waits", _WAITING),
        ("mine", "Your own terms", _OWN),
        ("team", "What the team agreed", _TEAM),
        ("maps", "Value streams", _STREAMS),
        ("value", "What work is for", VALUE),
        ("flow", "How work flows", IMPROVING),
        ("admin", "For administrators", _ADMIN),
    )
    if verbs
}
"""The verbs by what they are about; `/flow help NAME` tells of one such group."""
BUTTONS = tuple(
    (verb.entry.press, verb.entry.name)
    for verb in (*_WAITING, *_OWN, *_TEAM, *_STREAMS, *VALUE, *IMPROVING)
    if verb.entry.press
)
"""(label, verb) of what anybody can ask by a press: it needs nothing behind it, and changes nothing."""


def parse(text: str) -> Asked:
    """What somebody asks by `text` behind the command; nothing at all is a call for help. Raises Misread."""
    words = words_of(text)
    if not words:
        return Asked(HELP, None)
    verb = VERBS.get(words[0].casefold())
    if verb is None:
        raise NoVerb(words[0])
    if len(text) > MOST_ASKED:
        raise Misread(f"That is too long: up to {MOST_ASKED} characters are read.", verb.name)
    return Asked(verb.entry.name, verb.read(words[1:]))
