"""Every action id: what Slack sends back when somebody presses something."""

from __future__ import annotations

OPEN_ITEM = "open_item"
"""A link button that opens an item at its host; Slack reports the press, and it only wants an acknowledgement."""
ASK = "ask:"
"""Begins the ids of buttons that ask something again; the value says what, and which page."""
ASK_EARLIER, ASK_LATER = ASK + "earlier", ASK + "later"
HOME_PAGE = "home_page:"
"""Begins the ids of buttons that turn the pages of a home; the value says to which."""
HOME_HOURS, HOME_AWAY, HOME_LINK = "home_hours", "home_away", "home_link"
"""Buttons of a home that open a form; the value says what it is filled in with."""
HOME_SHOW = "home_show:"
"""Begins the ids of buttons of a home that show an answer in a window; the value is the question."""
HOURS_FORM, AWAY_FORM, LINK_FORM = "hours_form", "away_form", "link_form"
"""The forms that are sent off."""
ANSWER = "answer:"
"""Begins the ids of the answers to a nudge; the block's id says to which wait, the value what is answered."""
ANSWER_ON_IT, ANSWER_SNOOZE, ANSWER_WRONG = ANSWER + "on_it", ANSWER + "snooze", ANSWER + "wrong"
ANSWER_HAND_OVER, ANSWER_MENU, ANSWER_TAKE = ANSWER + "hand_over", ANSWER + "menu", ANSWER + "take"
ANSWER_LEAVE = ANSWER + "leave"
"""An author leaves a review with somebody who is away."""
STREAM_EDIT = "stream_edit:"
"""Begins the ids of buttons that open a value stream's map as YAML; the value says which, and its version."""
STREAM_FORM = "stream_form"
"""The form with that YAML."""
MAPPING = "map:"
"""Begins the ids of all that is pressed in a mapping conversation; the block's id says in which turn of which."""
MAP_CHOICE, MAP_SELECT, MAP_CHECKS, MAP_DONE = (
    MAPPING + "choice:",
    MAPPING + "select",
    MAPPING + "checks",
    MAPPING + "done",
)
MAP_COMMAND, MAP_MENU = MAPPING + "command:", MAPPING + "menu"
MAP_FILL, MAP_FORM = MAPPING + "fill", "map_form"
"""The button that opens the form of a question, and that form."""
NUMBER = "number:"
"""Begins the ids of the input for a key result's number and of its button; the block's id says which key result."""
NUMBER_GIVEN, NUMBER_SAVED = NUMBER + "given", NUMBER + "saved"
TYPED = "typed:"
"""Begins the ids of menus of the types of work: the block's says of which item, the menu's what was asked there."""
