"""The policy that goes with a sample history, as TOML text."""

from __future__ import annotations

from datetime import date

from bot.flow.calendar import Window
from bot.sample.cast import BERLIN, POSES_AS_A_USER, TEAMS, Office, Person, Team, absences

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_AGREED = f"""\
[targets]
review = "8h"
re_review = "4h"
rework = "16h"
respond = "8h"
merge = "8h"
assign = "4h"
fix = "8h"

[rules]
approvals_required = 1
stop_at_quota = true
hold_while_red = true
wip_labels = ["wip", "do not merge"]
bots = ["dependabot*", "renovate*", "{POSES_AS_A_USER}"]

[mix]
features = "45-65"
defects = "10-25"

[nudges]
heads_up = 0.75
escalate = 2.0
repeat = "8h"
max_repeats = 2
max_messages_per_person_per_day = 4
"""


def policy_for(start: int, days: int) -> str:
    """The policy file (TOML) of the sample's teams; absences lie within the `days` from instant `start`."""
    away = absences(start, days)
    people = [_person(person, away.get(person.login, [])) for team in TEAMS for person in team.members if person.mapped]
    return "\n".join([_workspace(BERLIN), _AGREED, *people, *(_repo(team) for team in TEAMS)])


def _workspace(office: Office) -> str:
    return "\n".join(("[calendar]", *(f"{key} = {value}" for key, value in _calendar(office)), ""))


def _calendar(office: Office) -> list[tuple[str, str]]:
    found = [("timezone", f'"{office.timezone}"'), ("hours", _hours(office.hours)), ("country", f'"{office.country}"')]
    if office.subdivision:
        found.append(("subdivision", f'"{office.subdivision}"'))
    return found


def _hours(week: tuple[tuple[Window, ...], ...]) -> str:
    days = (
        f"{day} = [{', '.join(map(_window, windows))}]" for day, windows in zip(_DAYS, week, strict=True) if windows
    )
    return f"{{ {', '.join(days)} }}"


def _window(window: Window) -> str:
    start, end = window
    return f'"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"'


def _person(person: Person, away: list[tuple[date, date]]) -> str:
    lines = [f"[people.{person.login}]", f'slack = "{person.slack}"']
    if person.office is not BERLIN:
        own = ", ".join(f"{key} = {value}" for key, value in _calendar(person.office))
        lines.append(f"calendar = {{ {own} }}")
    if away:
        spans = ", ".join(f'{{ from = "{first}", until = "{last}" }}' for first, last in away)
        lines.append(f"away = [{spans}]")
    return "\n".join((*lines, ""))


def _repo(team: Team) -> str:
    lines = [f'[repos."{team.repo}"]', f'channel = "{team.channel}"']
    if team.slug == "shop-team":
        lines.append('targets = { review = "4h" }')
    if team.approvals != 1:
        lines.append(f"rules = {{ approvals_required = {team.approvals} }}")
    return "\n".join((*lines, ""))
