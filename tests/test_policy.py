"""The policy file: what it may hold, how it overrides, and how faults are said."""

from __future__ import annotations

from datetime import date

import pytest

from bot.flow.calendar import Calendar
from bot.flow.events import parse_instant, show_instant
from bot.flow.waits import KINDS, Wait
from bot.policy import BadPolicy, Policy, load_policy, parse_policy

EXAMPLE = """
[calendar]
timezone = "Europe/Berlin"
hours = { mon = ["09:00-17:00"], tue = ["09:00-17:00"], fri = ["09:00-13:00", "14:00-16:00"], sat = ["22:00-06:00"] }
country = "DE"
subdivision = "BE"
days_off = ["2026-12-24"]
half_days = { "2026-12-31" = ["09:00-13:00"], "2026-12-30" = ["00:00-24:00"] }

[targets]
review = "8h"
re_review = "90m"
rework = "2d"
fix = 0

[rules]
approvals_required = 2
wip_labels = ["Draft"]
bots = ["robo*"]

[nudges]
heads_up = 0.5
repeat = "4h"

[people.alice]
slack = "U0ALICE"
calendar = { timezone = "America/New_York", country = "US" }
away = [{ from = "2026-07-01", until = "2026-07-15" }]

[repos."acme/shop"]
channel = "C0TEAM"
targets = { review = "4h", re_review = "0" }
rules = { approvals_required = 1 }
calendar = { timezone = "Asia/Kolkata" }
"""


@pytest.fixture
def policy() -> Policy:
    return parse_policy(EXAMPLE, "weir.toml")


def test_durations_are_working_seconds_and_a_day_has_eight_hours(policy):
    found = {kind: policy.target("acme/billing", kind) for kind in KINDS}
    assert found == {
        "review": 28_800, "re_review": 5_400, "rework": 57_600, "respond": None, "merge": None, "assign": None,
        "fix": None,
    }  # fmt: skip


def test_a_repository_overrides_targets_and_rules_key_by_key(policy):
    assert policy.target("acme/shop", "review") == 14_400
    assert policy.target("acme/shop", "re_review") is None
    assert policy.target("acme/shop", "rework") == 57_600
    assert (policy.rules("acme/shop").approvals_required, policy.rules("acme/billing").approvals_required) == (1, 2)
    assert policy.rules("acme/shop").wip == {"draft"}


def test_repositories_are_looked_up_without_regard_to_case(policy):
    assert policy.channel("Acme/Shop") == "C0TEAM"


def test_a_person_overrides_the_calendar_key_by_key_and_a_country_drops_the_subdivision(policy):
    own = policy.person("alice").calendar
    assert (own.timezone, own.country, own.subdivision) == ("America/New_York", "US", None)
    assert own.hours == policy.calendar.hours
    assert own.days_off == {date(2026, 12, 24)}


def test_logins_are_looked_up_without_regard_to_case(policy):
    assert policy.person("Alice").slack == "U0ALICE"
    assert policy.person("bob").slack is None


def test_away_covers_whole_local_days_the_last_one_included(policy):
    ((start, end),) = policy.person("alice").away
    assert (show_instant(start), show_instant(end)) == ("2026-07-01T04:00:00Z", "2026-07-16T04:00:00Z")


def test_a_team_works_by_its_repositorys_calendar_and_is_never_away(policy):
    wait = Wait("acme/shop", 1, parse_instant("2026-03-02T00:00:00Z"), "review", "alice", True, "github", None, None)
    clock = policy.clock(wait)
    assert clock.calendar.timezone == "Asia/Kolkata"
    assert clock.away == ()


def test_windows_may_run_over_midnight_and_a_whole_day(policy):
    calendar = policy.calendar
    assert calendar.hours[5] == ((1320, 360),)
    assert (
        calendar.working(parse_instant("2026-12-30T00:00:00+01:00"), parse_instant("2026-12-31T00:00:00+01:00"))
        == 86_400
    )


def test_with_no_policy_nothing_has_a_target_and_the_week_is_nine_to_five():
    policy = Policy()
    assert policy.calendar == Calendar("UTC")
    assert {policy.target("acme/shop", kind) for kind in KINDS} == {None}


# fmt: off
# ruff: noqa: E501 (a table of faults reads best with one a line)
REFUSED = [
    ("[foo]", "foo: unknown key; allowed here are calendar, targets, rules, nudges, flow, status, admins, types"),
    ("[targets]\nreviews = '8h'", "targets.reviews: unknown key; allowed here are review, re_review, rework"),
    ("[targets]\nreview = '8x'", "targets.review: '8x' is not allowed; allowed are minutes, hours or working days"),
    ("[targets]\nreview = 8", "targets.review: 8 is not allowed"),
    ("[targets]\nreview = '-1h'", "targets.review: '-1h' is not allowed"),
    ("[targets]\nreview = true", "targets.review: True is not allowed"),
    ("[targets]\nreview = false", "targets.review: False is not allowed"),
    ("[calendar]\ntimezone = 'Mars/Base'", "calendar.timezone: 'Mars/Base' is not allowed; allowed are names of the IANA"),
    ("[calendar]\ntimezone = '../etc/passwd'", "calendar.timezone"),
    ("[calendar]\nhours = { mon = ['9-17'] }", "calendar.hours.mon.0: '9-17' is not allowed; allowed is a window such as"),
    ("[calendar]\nhours = { mon = ['25:00-26:00'] }", "calendar.hours.mon.0"),
    ("[calendar]\nhours = { mon = ['09:00-09:00'] }", "calendar.hours.mon.0"),
    ("[calendar]\nhours = { monday = ['09:00-17:00'] }", "calendar.hours.monday: 'monday' is not allowed"),
    ("[calendar]\ncountry = 'XX'", "calendar.country: no public holidays are known for 'XX'"),
    ("[calendar]\ncountry = 'DE'\nsubdivision = 'ZZ'", "calendar.subdivision: 'ZZ' is no subdivision of DE; allowed are"),
    ("[calendar]\nsubdivision = 'BE'", "calendar.subdivision: needs a country beside it"),
    ("[calendar]\ndays_off = ['tomorrow']", "calendar.days_off.0: 'tomorrow' is not allowed"),
    ("[calendar]\nhalf_days = { '2026-13-01' = [] }", "calendar.half_days.2026-13-01"),
    ("[calendar]\ndays_off = ['9999-01-01']", "calendar.days_off.0: '9999-01-01' is not allowed; input should be less than"),
    ("[nudges]\nheads_up = 2", "nudges.heads_up: 2 is not allowed; input should be less than or equal to 1"),
    ("[nudges]\nheads_up = nan", "nudges.heads_up: nan is not allowed"),
    ("[nudges]\nescalate = 0.5", "nudges: escalate: allowed are 0 (never) and multiples of the target from 1 on"),
    ("[nudges]\nmax_repeats = -1", "nudges.max_repeats: -1 is not allowed"),
    ("[nudges]\nmax_messages_per_person_per_day = 0", "nudges.max_messages_per_person_per_day: 0 is not allowed"),
    ("[rules]\napprovals_required = '1'", "rules.approvals_required: '1' is not allowed"),
    ("[rules]\nstop_at_quota = 1", "rules.stop_at_quota: 1 is not allowed"),
    ("[people.alice]\nslack = 'alice'", "people.alice.slack: 'alice' is not allowed; allowed is a Slack member ID"),
    ("[people.alice]\naway = [{ from = '2026-01-02', until = '2026-01-01' }]", "people.alice.away.0: 'until' lies before"),
    ("[people.alice]\naway = [{ from = '2026-01-02' }]", "people.alice.away.0.until: is missing"),
    ("[people.alice.calendar]\nzone = 'UTC'", "people.alice.calendar.zone: unknown key; allowed here are timezone, hours"),
    ("[people]\nalice = 3", "people.alice: 3 is not allowed"),
    ("[people.a]\n[people.A]", "people.A: the same as people.a"),
    ("[repos.'a/b']\n[repos.'A/b']", "repos.A/b: the same as repos.a/b"),
    ("[repos.shop]\nchannel = 'C0TEAM'", "repos.shop: 'shop' is not allowed; allowed is a repository such as 'acme/shop'"),
    ("[repos.'acme/shop']\nchannel = '#team'", "repos.acme/shop.channel: '#team' is not allowed; allowed is a Slack channel"),
    ("[repos.'acme/shop'.targets]\nfoo = 1", "repos.acme/shop.targets.foo: unknown key; allowed here are review"),
    ("[calendar", "not valid TOML"),
    ("calendar = 3", "calendar: 3 is not allowed"),
]
# fmt: on


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text.replace("\n", " ") for text, _ in REFUSED])
def test_a_fault_is_one_line_with_the_file_the_key_and_what_is_allowed(text, said):
    with pytest.raises(BadPolicy) as refused:
        parse_policy(text, "weir.toml")
    line = str(refused.value)
    assert line.startswith("weir.toml: ")
    assert said in line
    assert "\n" not in line


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(BadPolicy, match="no such file"):
        load_policy(tmp_path / "weir.toml")
    (tmp_path / "weir.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadPolicy, match="UTF-8"):
        load_policy(tmp_path / "weir.toml")
