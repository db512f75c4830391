"""The commands as a person or a script meets them: output, one clear line for an error, the exit status."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest
import structlog

from bot.__main__ import run, weir
from bot.eventlog import write
from bot.flow.events import flow_event, parse_instant
from bot.logs import quiet
from bot.settings import Settings

NINE = parse_instant("2026-03-02T09:00:00Z")


@pytest.fixture
def log(here):
    """The example of the documents: alice is asked at nine and answers at half past three."""
    common = {"repo": "acme/shop", "item": 12, "host": "github"}
    events = [
        flow_event(id="1", at=NINE, kind="opened", actor="bob", type="pull_request", draft=False, **common),
        flow_event(id="2", at=NINE, seq=1, kind="review_requested", actor="bob", reviewer="alice", **common),
        flow_event(id="3", at=NINE + 23_400, kind="review_submitted", actor="alice", state="approved", **common),
    ]
    write("log.jsonl", events)
    (here / "weir.toml").write_text('[targets]\nreview = "8h"\nmerge = "8h"\n')
    return "log.jsonl"


def test_a_ledger_line_is_as_documented(log, capsys):
    assert run(["waits", "--events", log, "--format", "jsonl", "--at", "2026-03-02T16:00:00Z"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        '{"repo":"acme/shop","item":12,"kind":"review","on":"alice","team":false,"since":"2026-03-02T09:00:00Z",'
        '"until":"2026-03-02T15:30:00Z","ended_by":"review_submitted","working_seconds":23400,"held_seconds":0,'
        '"target_seconds":28800,"due":"2026-03-02T17:00:00Z","breached":false}'
    )
    assert json.loads(second) == {
        "repo": "acme/shop", "item": 12, "kind": "merge", "on": "bob", "team": False, "since": "2026-03-02T15:30:00Z",
        "until": None, "ended_by": None, "working_seconds": 1800, "held_seconds": 0, "target_seconds": 28800,
        "due": "2026-03-03T15:30:00Z", "breached": False,
    }  # fmt: skip


def test_events_after_the_instant_asked_for_do_not_exist(log, capsys):
    assert run(["waits", "--events", log, "--format", "jsonl", "--at", "2026-03-02T09:00:00Z"]) == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["kind"], line["until"], line["working_seconds"]) == ("review", None, 0)


def test_only_open_waits_are_listed_where_asked(log, capsys):
    assert run(["waits", "--events", log, "--format", "jsonl", "--open", "--at", "2026-03-02T16:00:00Z"]) == 0
    assert [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()] == ["merge"]


def test_the_table_shows_working_and_calendar_time_in_a_zone_that_is_named(log, capsys):
    assert run(["waits", "--events", log, "--at", "2026-03-03T16:00:00Z"]) == 0
    assert capsys.readouterr().out == (
        "ITEM          WAIT    ON     SINCE (UTC)       WORKING TIME  CALENDAR  DUE               STATE\n"
        "acme/shop#12  review  alice  2026-03-02 09:00  6h 30m        6h 30m    2026-03-02 17:00  ended by"
        " review_submitted\n"
        "acme/shop#12  merge   bob    2026-03-02 15:30  8h            1d        2026-03-03 15:30  open, LATE\n"
        "\n"
        "2 waits, 1 open, 1 past the agreed time; as of 2026-03-03 16:00 (UTC).\n"
    )


def test_a_log_may_come_packed_or_by_standard_input(log, here):
    packed = here / "log.jsonl.gz"
    packed.write_bytes(gzip.compress((here / log).read_bytes()))
    outputs = [
        subprocess.run([sys.executable, "-m", "bot", "waits", "--events", name, "--format", "jsonl"],
                       input=(here / log).read_bytes(), capture_output=True, check=True).stdout
        for name in (str(packed), "-", log)
    ]  # fmt: skip
    assert outputs[0] == outputs[1] == outputs[2] != b""


def test_items_that_were_never_opened_are_counted_in_a_warning(here, capsys):
    write("log.jsonl", [flow_event(repo="acme/shop", item=7, id="1", at=NINE, kind="pushed", actor="bob")])
    assert run(["waits", "--events", "log.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == "No waits.\n"
    assert err == "weir: warning: 1 item has no 'opened' event and so no waits, such as acme/shop#7\n"


def test_an_item_nobody_can_be_asked_about_is_named(here, capsys):
    gone = flow_event(repo="acme/shop", item=7, id="1", at=NINE, kind="opened", actor=None, type="pull_request")
    write("log.jsonl", [gone])
    assert run(["waits", "--events", "log.jsonl"]) == 0
    assert "Nobody can be asked (the author is gone or a bot): acme/shop#7." in capsys.readouterr().out


def test_a_back_test_tells_people_what_it_comes_to(log, capsys):
    assert run(["backtest", "--events", log, "--until", "2026-03-09T09:00:00Z"]) == 0
    assert capsys.readouterr().out == (
        "6 messages from 2026-03-02 09:00 to 2026-03-09 09:00 (UTC):\n"
        "  5 to 2 people (2.5 each a week), 1 to channels\n"
        "  1 breach, 1 escalation\n"
        "  busiest day: 2026-03-03 with 2 messages\n"
        "  the policy maps nobody to Slack, so everybody is taken to be reachable\n"
        "\n"
        "TO          MESSAGES  A WEEK\n"
        "bob         4         4.0\n"
        "#acme/shop  1         1.0\n"
        "alice       1         1.0\n"
    )


def test_a_reader_who_has_had_enough_is_no_error(log, here):
    write("log.jsonl", [flow_event(repo="acme/shop", item=n, id=str(n), at=NINE, kind="opened", actor="bob",
                                   type="pull_request") for n in range(1, 3000)])  # fmt: skip
    shell = f"{sys.executable} -m bot waits --events log.jsonl --format jsonl | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1:] == ["0"]


@pytest.mark.parametrize("command", ["export -", "waits acme/shop --format jsonl"])
def test_no_command_minds_a_reader_who_leaves(here, command):
    events = [flow_event(repo="acme/shop", item=n, id=str(n), at=NINE, kind="opened", actor="bob", type="pull_request",
                         title="Fix rounding " * 20) for n in range(1, 600)]  # fmt: skip
    write("log.jsonl", events)
    assert run(["import", "log.jsonl"]) == 0
    shell = f"{sys.executable} -m bot {command} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout.splitlines()[1:]) == ("", ["0"])


@pytest.mark.parametrize("command", ["waits --events log.jsonl", "doctor", "manifest --socket-mode"])
def test_a_full_disk_gets_one_clear_line_and_status_1(log, command):
    shell = f"{sys.executable} -m bot {command} > /dev/full"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "weir: No space left on device\n")


@pytest.mark.parametrize("streams", [">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_error(log, streams):
    assert run(["import", log]) == 0
    for command in ("waits --events log.jsonl", "export -"):
        shell = f"{sys.executable} -m bot {command} {streams}"
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


BAD = [
    (["waits"], "name either --events FILE or a repository"),
    (["waits", "acme/shop", "--events", "log.jsonl"], "name either --events FILE or a repository"),
    (["waits", "--events", "nowhere.jsonl"], "nowhere.jsonl: can't be read: no such file"),
    (["waits", "--events", "."], ".: can't be read: is a directory"),
    (["waits", "--events", "log.jsonl", "--at", "yesterday"], "'yesterday' is not an RFC 3339 time"),
    (["waits", "--events", "log.jsonl", "--at", "2026-03-02"], "'2026-03-02' is not an RFC 3339 time"),
    (["waits", "--events", "log.jsonl", "--at", "2026-03-02T09:00:00"], "a time without an offset"),
    (["waits", "--events", "log.jsonl", "--format", "xml"], "'xml' is not one of 'table', 'jsonl'"),
    (["waits", "--events", "log.jsonl", "--policy", "nowhere.toml"], "nowhere.toml: no such file"),
    (["waits", "--events", "log.jsonl", "--policy", "log.jsonl"], "log.jsonl: not valid TOML"),
    (["waits", "--events", "log.jsonl", "--policy", "bad.toml"], "bad.toml: foo: unknown key; allowed here are"),
    (["waits", "--events", "bad.jsonl"], "bad.jsonl: line 2: not JSON"),
    (["waits", "--events", "list.jsonl"], "list.jsonl: line 1: not a JSON object"),
    (["waits", "--events", "keys.jsonl"], "keys.jsonl: line 1: 'host' is missing"),
    (["waits", "--events", "bytes.jsonl"], "bytes.jsonl: line 1: not UTF-8 text"),
    (["waits", "--events", "plain.gz"], "plain.gz: can't be read: not a gzip file"),
    (["waits", "--events"], "Option '--events' requires an argument"),
    (["waits", "--evnets", "log.jsonl"], "No such option"),
    (["waits", "a", "b"], "Got unexpected extra argument"),
    (["backtest"], "name either --events FILE or a repository"),
    (["backtest", "--events", "log.jsonl", "--since", "now"], "'now' is not an RFC 3339 time"),
    (["backtest", "--events", "log.jsonl", "--until", ""], "'' is not an RFC 3339 time"),
    (["backtest", "--events", "log.jsonl", "--since", "2026-03-03T00:00:00Z", "--until", "2026-03-02T00:00:00Z"],
     "--since lies after --until"),
    (["import", "nowhere.jsonl"], "nowhere.jsonl: can't be read: no such file"),
    (["import", "bad.jsonl"], "bad.jsonl: line 2: not JSON"),
    (["import"], "Missing argument 'FILE'"),
    (["waits", "--events", ""], "an empty name: can't be read"),
    (["waits", "--events", "digits.jsonl"], "digits.jsonl: line 1: not JSON that can be read (a number has too many"),
    (["waits", "--events", "cut.gz"], "cut.gz: can't be read: it ends too early"),
    (["manifest", "--url", "http://weir.acme.test"], "Slack calls addresses such as https://"),
    (["manifest", "--url", "https://"], "Slack calls addresses such as https://"),
    (["manifest", "--url", "https://weir acme"], "Slack calls addresses such as https://"),
    (["waits", "--events", "log.jsonl", "--policy", "away.toml"], "away.0.until: '9999-12-31' is not allowed"),
    (["export"], "Missing argument 'FILE'"),
    (["demo", "--port", "x"], "'--port': 'x'; a whole number from 0 to 65535 is allowed"),
    (["demo", "--events", "log.jsonl", "--weeks", "0"], "'--weeks': '0'; a whole number from 1 to 520 is allowed"),
    (["frobnicate"], "No such command 'frobnicate'"),
    (["--frobnicate"], "No such option"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "said"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_bad_input_gets_one_clear_line_and_status_2(log, here, capsys, args, said):
    good = (here / log).read_text().splitlines()[0]
    (here / "bad.toml").write_text("foo = 1\n")
    (here / "bad.jsonl").write_text(f"{good}\n{{\n")
    (here / "list.jsonl").write_text("[]\n")
    (here / "keys.jsonl").write_text("{}\n")
    (here / "bytes.jsonl").write_bytes(b"\xff\n")
    (here / "plain.gz").write_text(good)
    (here / "cut.gz").write_bytes(gzip.compress(good.encode())[:-9])
    (here / "digits.jsonl").write_text("9" * 5000)
    (here / "away.toml").write_text("[people.alice]\naway = [{ from = '2026-07-01', until = '9999-12-31' }]\n")
    assert run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_repository_that_is_not_known_gets_one_clear_line_and_status_2(log, capsys):
    assert run(["import", log]) == 0
    capsys.readouterr()
    assert run(["waits", "nobody/knows"]) == 2
    assert capsys.readouterr().err == "weir: nothing is known of 'nobody/knows'; known are acme/shop\n"


def test_a_demo_that_can_not_be_started_over_stays_as_it_was(here):
    (here / "weir-demo").mkdir()
    (here / "weir-demo" / "slack.db").write_text("played")
    assert run(["demo", "--fresh", "--events", "nowhere.jsonl"]) == 2
    assert (here / "weir-demo" / "slack.db").read_text() == "played"


def test_what_is_logged_beside_an_output_goes_to_standard_error(here, capsys):
    quiet(Settings(slack_bot_token="a-token-of-acme"))
    structlog.get_logger().info("repo.known")
    structlog.get_logger().warning("repo.unknown", token="a-token-of-acme")
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["event"]) == ("", "repo.unknown")
    assert "a-token" not in err


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://h:port/x",
                                 "postgresql://[::/x", "postgresql://weir:pass@word@h/x"])  # fmt: skip
def test_a_database_address_that_is_none_gets_one_clear_line_and_status_2(here, monkeypatch, capsys, url):
    monkeypatch.setenv("DATABASE_URL", url)
    for args in (["migrate"], ["doctor"], ["rebuild"], ["waits", "acme/shop"]):
        assert run(args) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "DATABASE_URL: " in err
        assert "allowed are sqlite:///FILE and postgresql://" in err
        assert "word@" not in err


@pytest.mark.parametrize("args", [["migrate"], ["rebuild"], ["export", "-"], ["waits", "acme/shop"]])
def test_a_file_that_is_no_database_gets_one_clear_line_and_status_1(here, monkeypatch, capsys, args):
    (here / "weir.db").write_text("not a database, " * 100)
    assert run(args) == 1
    assert capsys.readouterr().err == "weir: the database can't be used: file is not a database\n"


@pytest.mark.parametrize("name", list(weir.commands))
def test_every_command_explains_itself_with_an_example(name, capsys):
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Example: " in said
    assert f"weir {name}" in said.partition("Example: ")[2]
