"""What GitHub's webhooks say, told as flow events; and whether they are genuine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import github_payloads as gh
import pytest
from github_payloads import HEAD, NINE, Payload, signed

from bot.flow.events import FlowEvent, from_record, to_record
from bot.flow.waits import Rules, fold
from bot.hosts import Delivery, ShaFact, share_of
from bot.hosts.github import ids, parse, verify

SECRET = "It's a Secret to Everybody"
TEN, LATER = NINE + 3600, NINE + 90_000
NOTHING = Delivery("github")


def told(event: str, payload: Payload, *, form: bool = False) -> Delivery:
    """All that it tells but for who may see the repository, of which test_sight tells."""
    headers, body = signed(SECRET, event, payload, form=form)
    return replace(parse(headers, body, LATER), private=())


def the_event(event: str, payload: Payload) -> FlowEvent:
    delivery = told(event, payload)
    (only,) = delivery.events
    assert delivery == Delivery("github", repos=(only.repo,), events=(only,))
    return only


def record(event: str, payload: Payload) -> dict[str, Any]:
    """The event's own part of its line in the event log."""
    line = to_record(the_event(event, payload))
    assert (line.pop("host"), line.pop("repo"), line.pop("actor_type")) == ("github", "acme/shop", "User")
    return line


def the_fact(event: str, payload: Payload) -> ShaFact:
    delivery = told(event, payload)
    (only,) = delivery.facts
    assert delivery == Delivery("github", repos=("acme/shop",), facts=(only,), unplaced=delivery.unplaced)
    return only


class TestSignature:
    def test_github_s_own_example_is_genuine(self) -> None:
        digest = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        assert verify(SECRET, {"X-Hub-Signature-256": digest}, b"Hello, World!")

    @pytest.mark.parametrize("form", [False, True])
    def test_a_signed_delivery_is_genuine_in_both_encodings(self, form: bool) -> None:
        assert verify(SECRET, *signed(SECRET, "ping", gh.ping(), form=form))

    def test_the_case_of_header_names_does_not_matter(self) -> None:
        headers, body = signed(SECRET, "ping", gh.ping())
        assert verify(SECRET, {name.upper(): value for name, value in headers.items()}, body)

    def test_a_changed_body_or_another_secret_is_refused(self) -> None:
        headers, body = signed(SECRET, "ping", gh.ping())
        assert not verify(SECRET, headers, body + b" ")
        assert not verify("another", headers, body)

    def test_an_empty_secret_proves_nothing(self) -> None:
        assert not verify("", *signed("", "ping", gh.ping()))

    @pytest.mark.parametrize(
        "signature", ["", "sha256=", "sha1=abc", "sha256=ünsigned", "\udcff", "sha256=" + "0" * 64, "\0"]
    )
    def test_a_malformed_signature_is_refused(self, signature: str) -> None:
        assert not verify(SECRET, {"X-Hub-Signature-256": signature}, b"{}")

    def test_a_missing_signature_is_refused(self) -> None:
        assert not verify(SECRET, {"X-Hub-Signature": "sha1=x"}, b"{}")


class TestPullRequests:
    def test_opened_tells_what_the_item_is(self) -> None:
        opened = gh.pull_request("opened", actor="carol", author="bob", labels=("WIP",), draft=True, at=TEN)
        assert record("pull_request", opened) == {
            "item": 12,
            "id": "opened:12",
            "at": "2026-03-02T09:00:00Z",
            "kind": "opened",
            "actor": "bob",
            "type": "pull_request",
            "draft": True,
            "base": "main",
            "head": HEAD,
            "branch": "rounding",
            "size": 42,
            "title": "Fix rounding in totals",
            "url": "https://github.com/acme/shop/pull/12",
            "labels": ["WIP"],
        }

    def test_closed_without_a_merge_is_closed(self) -> None:
        closed = gh.pull_request("closed", actor="alice", closed_at=TEN, at=TEN + 5)
        assert record("pull_request", closed) == {
            "item": 12,
            "id": "closed:12:2026-03-02T10:00:00Z",
            "at": "2026-03-02T10:00:00Z",
            "kind": "closed",
            "actor": "alice",
        }

    def test_a_merge_is_one_event_at_the_instant_of_the_merge(self) -> None:
        merged = the_event("pull_request", gh.pull_request("closed", merged_at=TEN, closed_at=TEN + 1, at=TEN + 2))
        assert (merged.kind, merged.id, merged.at) == ("merged", "merged:12:2026-03-02T10:00:00Z", TEN)
        assert merged.data == {"sha": "merge-of-12", "base": "main"}

    @pytest.mark.parametrize(
        ("action", "kind"),
        [
            ("reopened", "reopened"),
            ("ready_for_review", "ready_for_review"),
            ("converted_to_draft", "converted_to_draft"),
            ("enqueued", "queued"),
            ("dequeued", "dequeued"),
        ],
    )
    def test_what_happens_to_the_whole_item_is_named_by_its_instant(self, action: str, kind: str) -> None:
        assert record("pull_request", gh.pull_request(action, actor="carol", at=TEN)) == {
            "item": 12,
            "id": f"{kind}:12:2026-03-02T10:00:00Z",
            "at": "2026-03-02T10:00:00Z",
            "kind": kind,
            "actor": "carol",
        }

    @pytest.mark.parametrize(
        ("action", "about", "subject", "own"),
        [
            ("review_requested", {"reviewer": "alice"}, "alice", {"reviewer": "alice"}),
            ("review_requested", {"team": "core"}, "team/core", {"team": "core"}),
            ("review_request_removed", {"reviewer": "alice"}, "alice", {"reviewer": "alice"}),
            ("review_request_removed", {"team": "core"}, "team/core", {"team": "core"}),
            ("labeled", {"label": "WIP"}, "WIP", {"label": "WIP"}),
            ("unlabeled", {"label": "do not merge"}, "do not merge", {"label": "do not merge"}),
            ("assigned", {"assignee": "alice"}, "alice", {"assignee": "alice"}),
            ("unassigned", {"assignee": "alice"}, "alice", {"assignee": "alice"}),
        ],
    )
    def test_what_is_about_somebody_or_something_names_it(
        self, action: str, about: dict[str, Any], subject: str, own: dict[str, str]
    ) -> None:
        event = the_event("pull_request", gh.pull_request(action, actor="carol", at=TEN, **about))
        assert (event.kind, event.actor, event.at, event.data) == (action, "carol", TEN, own)
        assert event.id == f"{action}:12:{subject}:2026-03-02T10:00:00Z"

    def test_a_push_is_named_by_its_commit(self) -> None:
        pushed = the_event("pull_request", gh.pull_request("synchronize", head="f00d", at=TEN))
        assert (pushed.kind, pushed.id, pushed.at, pushed.data) == ("pushed", "pushed:12:f00d", TEN, {"sha": "f00d"})
        assert not pushed.approximate

    def test_a_new_title_is_a_renaming_and_another_edit_is_nothing(self) -> None:
        renamed = the_event("pull_request", gh.pull_request("edited", title="Round up", title_was="Round", at=TEN))
        assert (renamed.kind, renamed.id) == ("renamed", "renamed:12:2026-03-02T10:00:00Z")
        assert renamed.data == {"from": "Round", "to": "Round up"}
        assert told("pull_request", gh.pull_request("edited") | {"changes": {"body": {"from": "x"}}}) == NOTHING

    @pytest.mark.parametrize("action", ["locked", "auto_merge_enabled", "milestoned", "", None, 7, ["opened"]])
    def test_other_actions_are_nothing(self, action: Any) -> None:
        assert told("pull_request", gh.pull_request("opened") | {"action": action}) == NOTHING

    def test_a_request_to_a_bot_is_nothing(self) -> None:
        assert told("pull_request", gh.pull_request("review_requested", reviewer="helper[bot]")) == NOTHING

    @pytest.mark.parametrize("action", ["review_requested", "labeled", "assigned"])
    def test_what_names_nobody_and_nothing_is_nothing(self, action: str) -> None:
        assert told("pull_request", gh.pull_request(action)) == NOTHING

    def test_a_bot_s_act_says_so(self) -> None:
        opened = the_event("pull_request", gh.pull_request("opened", author="dependabot[bot]"))
        assert (opened.actor, opened.actor_type) == ("dependabot[bot]", "Bot")

    @pytest.mark.parametrize("author", [None, "ghost"])
    def test_a_deleted_account_is_nobody(self, author: str | None) -> None:
        opened = the_event("pull_request", gh.pull_request("opened", author=author))
        assert (opened.actor, opened.actor_type) == (None, "User")

    def test_what_older_servers_leave_out_is_not_needed(self) -> None:
        pull = {"number": 12, "labels": None, "head": None, "created_at": None}
        bare = {"action": "opened", "pull_request": pull, "repository": {"full_name": "acme/shop"}}
        opened = the_event("pull_request", bare)
        assert (opened.at, opened.data) == (LATER, {"type": "pull_request", "draft": False, "labels": []})

    def test_a_label_with_a_joined_emoji_has_a_printable_id_and_keeps_its_name(self) -> None:
        labeled = the_event("pull_request", gh.pull_request("labeled", label="👩‍💻 dx"))
        assert labeled.id == "labeled:12:👩\\u200d💻 dx:2026-03-02T09:00:00Z"
        assert labeled.data == {"label": "👩‍💻 dx"}
        assert from_record(to_record(labeled)) == labeled


class TestReviews:
    @pytest.mark.parametrize("state", ["approved", "changes_requested", "commented", "APPROVED"])
    def test_a_review_is_its_reviewer_s_at_the_instant_of_submitting(self, state: str) -> None:
        submitted = gh.review(actor="alice", state=state, submitted_at=TEN, at=TEN + 9)
        assert record("pull_request_review", submitted) == {
            "item": 12,
            "id": "review:1001",
            "at": "2026-03-02T10:00:00Z",
            "kind": "review_submitted",
            "actor": "alice",
            "state": state.lower(),
        }

    def test_a_dismissal_names_whose_review_it_was(self) -> None:
        dismissed = gh.review("dismissed", actor="bob", reviewer="alice", submitted_at=NINE, at=TEN)
        assert record("pull_request_review", dismissed) == {
            "item": 12,
            "id": "review_dismissed:1001",
            "at": "2026-03-02T10:00:00Z",
            "kind": "review_dismissed",
            "actor": "bob",
            "reviewer": "alice",
        }

    def test_an_edited_or_pending_review_is_nothing(self) -> None:
        assert told("pull_request_review", gh.review("edited")) == NOTHING
        assert told("pull_request_review", gh.review(state="pending")) == NOTHING


class TestComments:
    @pytest.mark.parametrize("on_issue", [False, True])
    def test_a_comment_is_one_on_issues_and_pull_requests_alike(self, on_issue: bool) -> None:
        assert record("issue_comment", gh.comment(at=TEN, on_issue=on_issue)) == {
            "item": 12,
            "id": "comment:2001",
            "at": "2026-03-02T10:00:00Z",
            "kind": "commented",
            "actor": "alice",
        }

    def test_a_comment_on_a_line_has_an_id_of_its_own_kind(self) -> None:
        commented = the_event("pull_request_review_comment", gh.review_comment(at=TEN))
        assert (commented.kind, commented.id, commented.at) == ("commented", "review_comment:3001", TEN)

    def test_edited_and_deleted_comments_are_nothing(self) -> None:
        assert told("issue_comment", gh.comment("edited")) == NOTHING
        assert told("pull_request_review_comment", gh.review_comment("deleted")) == NOTHING


class TestIssues:
    def test_opened_says_it_is_an_issue(self) -> None:
        assert record("issues", gh.issue("opened", labels=("bug",), at=TEN)) == {
            "item": 7,
            "id": "opened:7",
            "at": "2026-03-02T09:00:00Z",
            "kind": "opened",
            "actor": "alice",
            "type": "issue",
            "title": "Totals are off by a cent",
            "url": "https://github.com/acme/shop/issues/7",
            "labels": ["bug"],
        }

    @pytest.mark.parametrize("action", ["closed", "deleted", "transferred"])
    def test_an_issue_that_leaves_is_closed(self, action: str) -> None:
        closed = the_event("issues", gh.issue(action, at=TEN))
        assert (closed.kind, closed.id) == ("closed", "closed:7:2026-03-02T10:00:00Z")
        assert closed.data == ({} if action == "closed" else {"reason": action})

    def test_a_closed_issue_deleted_later_was_closed_when_it_was_closed(self) -> None:
        assert the_event("issues", gh.issue("deleted", closed_at=NINE, at=TEN)).at == NINE

    @pytest.mark.parametrize(
        ("action", "about", "kind"),
        [
            ("reopened", {}, "reopened"),
            ("labeled", {"label": "bug"}, "labeled"),
            ("unlabeled", {"label": "bug"}, "unlabeled"),
            ("assigned", {"assignee": "bob"}, "assigned"),
            ("unassigned", {"assignee": "bob"}, "unassigned"),
            ("edited", {"title_was": "Totals"}, "renamed"),
        ],
    )
    def test_the_rest_is_as_on_pull_requests(self, action: str, about: dict[str, Any], kind: str) -> None:
        assert the_event("issues", gh.issue(action, **about)).kind == kind

    def test_actions_of_pull_requests_alone_are_nothing_here(self) -> None:
        assert told("issues", gh.issue("ready_for_review")) == NOTHING


class TestChecks:
    def test_a_suite_speaks_for_its_app(self) -> None:
        suite = gh.check_suite(conclusion="failure", app="acme-ci", at=TEN)
        assert the_fact("check_suite", suite) == ShaFact(
            "github", "acme/shop", HEAD, "check", TEN, "suite/acme-ci/118578147", failed=True, items=(12,)
        )

    def test_a_run_speaks_for_its_name(self) -> None:
        run = gh.check_run(name="lint", numbers=(), at=TEN)
        assert the_fact("check_run", run) == ShaFact("github", "acme/shop", HEAD, "check", TEN, "lint")

    def test_a_status_speaks_for_its_context(self) -> None:
        red = gh.status("error", context="ci/build", at=TEN)
        assert the_fact("status", red) == ShaFact("github", "acme/shop", HEAD, "check", TEN, "ci/build", failed=True)

    @pytest.mark.parametrize(
        "conclusion", ["failure", "timed_out", "cancelled", "action_required", "startup_failure", "FAILURE"]
    )
    def test_what_needs_somebody_is_red(self, conclusion: str) -> None:
        assert the_fact("check_run", gh.check_run(conclusion=conclusion)).failed

    @pytest.mark.parametrize("conclusion", ["success", "neutral", "skipped"])
    def test_what_needs_nobody_is_not_red(self, conclusion: str) -> None:
        assert not the_fact("check_run", gh.check_run(conclusion=conclusion)).failed

    @pytest.mark.parametrize("conclusion", ["stale", None, "unheard-of"])
    def test_what_is_no_result_is_nothing(self, conclusion: str | None) -> None:
        assert told("check_suite", gh.check_suite(conclusion=conclusion)) == NOTHING

    def test_what_has_not_come_to_an_end_is_nothing(self) -> None:
        assert told("status", gh.status("pending")) == NOTHING
        assert told("check_run", gh.check_run("created", conclusion=None)) == NOTHING
        assert told("check_suite", gh.check_suite("requested")) == NOTHING

    def test_pull_requests_elsewhere_or_further_on_are_not_meant(self) -> None:
        suite = gh.check_suite(numbers=(12, 13, 14))
        _, elsewhere, further_on = suite["check_suite"]["pull_requests"]
        elsewhere["base"]["repo"]["id"] += 1
        further_on["head"]["sha"] = "f00d"
        assert the_fact("check_suite", suite).items == (12,)


class TestDeployments:
    def test_a_success_is_a_deployment_of_its_commit(self) -> None:
        assert the_fact("deployment_status", gh.deployment_status(at=TEN)) == ShaFact(
            "github", "acme/shop", HEAD, "deployed", TEN, "production", actor="bob", id="145988746:production"
        )

    @pytest.mark.parametrize("state", ["pending", "in_progress", "failure", "inactive"])
    def test_any_other_state_is_nothing(self, state: str) -> None:
        assert told("deployment_status", gh.deployment_status(state)) == NOTHING


class TestAccess:
    def test_a_renamed_repository_keeps_its_history_under_the_new_name(self) -> None:
        renamed = told("repository", gh.repository("renamed", "acme/store", was="acme/shop"))
        assert renamed == Delivery("github", repos=("acme/store",), renamed=(("acme/shop", "acme/store"),))

    def test_so_does_one_that_went_to_another_owner(self) -> None:
        moved = told("repository", gh.repository("transferred", "globex/shop", was="acme/shop"))
        assert moved == Delivery("github", repos=("globex/shop",), renamed=(("acme/shop", "globex/shop"),))

    def test_a_deleted_repository_is_gone(self) -> None:
        assert told("repository", gh.repository("deleted")) == Delivery("github", gone=("acme/shop",))

    def test_a_webhook_that_was_set_up_is_heard_of_at_once(self) -> None:
        assert told("ping", gh.ping()) == Delivery("github", repos=("acme/shop",))
        assert told("ping", {"zen": "Design for failure.", "organization": {"login": "acme"}}) == NOTHING

    @pytest.mark.parametrize("action", ["edited", "archived", "created"])
    def test_what_changes_no_access_is_nothing(self, action: str) -> None:
        assert told("repository", gh.repository(action)) == NOTHING

    def test_an_app_that_comes_brings_repositories(self) -> None:
        came = told("installation", gh.installation("created", "acme/shop", "acme/api"))
        assert came == Delivery("github", repos=("acme/shop", "acme/api"))

    def test_an_app_that_goes_takes_them_away(self) -> None:
        assert told("installation", gh.installation("deleted", "acme/shop")) == Delivery("github", gone=("acme/shop",))

    @pytest.mark.parametrize("named", [(), ("acme/shop",)])
    def test_a_suspension_is_of_all_that_the_account_has(self, named: tuple[str, ...]) -> None:
        assert told("installation", gh.installation("suspend", *named)) == Delivery("github", suspended=("acme",))
        back = told("installation", gh.installation("unsuspend", *named))
        assert back == Delivery("github", repos=named, unsuspended=("acme",))

    def test_one_of_an_account_without_a_login_is_of_what_it_names(self) -> None:
        of_an_enterprise = {**gh.installation("suspend", "acme/shop"), "installation": {"account": {"slug": "acme"}}}
        assert told("installation", of_an_enterprise) == Delivery("github", gone=("acme/shop",))
        assert told("installation", {"action": "suspend"}) == NOTHING

    def test_a_suspension_concerns_those_who_may_follow_its_account(self) -> None:
        told = Delivery("github", suspended=("acme", "globex"), unsuspended=("globex", "initech"), mark="m")
        mine = share_of(told, lambda repo: repo.partition("/")[0] in ("acme", "initech"))
        assert mine == Delivery("github", suspended=("acme",), unsuspended=("initech",))

    def test_repositories_granted_and_taken(self) -> None:
        payload = gh.installation_repositories("added", added=("acme/api",), removed=("acme/shop",))
        assert told("installation_repositories", payload) == Delivery("github", ("acme/api",), gone=("acme/shop",))


def test_a_day_of_deliveries_tells_whose_turn_it_was() -> None:
    deliveries = [
        ("pull_request", gh.pull_request("opened", at=NINE)),
        ("pull_request", gh.pull_request("review_requested", reviewer="alice", at=NINE + 60)),
        ("pull_request_review", gh.review(state="changes_requested", at=NINE + 600)),
        ("pull_request", gh.pull_request("synchronize", at=NINE + 1200)),
        ("pull_request_review", gh.review(review_id=1002, at=NINE + 1800)),
        ("pull_request", gh.pull_request("closed", merged_at=TEN, closed_at=TEN, at=TEN)),
    ]
    events = [event for delivery in deliveries for event in told(*delivery).events]
    ledger = fold(reversed(events), Rules())
    assert ledger is not None
    turns = [(wait.kind, wait.on, wait.since - NINE, wait.ended_by) for wait in ledger.waits]
    assert sorted(turns, key=lambda turn: turn[2]) == [
        ("assign", "bob", 0, "review_requested"),
        ("review", "alice", 60, "review_submitted"),
        ("rework", "bob", 600, "pushed"),
        ("re_review", "alice", 1200, "review_submitted"),
        ("merge", "bob", 1800, "merged"),
    ]


def test_ids_of_both_roads() -> None:
    assert ids.person_request("review_requested", 12, None, NINE) == "review_requested:12::2026-03-02T09:00:00Z"
    assert ids.checks("checks_failed", 12, "f00d", NINE) == "checks_failed:12:f00d:2026-03-02T09:00:00Z"
    assert ids.conflict("checks_passed", 12, NINE) == "checks_passed:12:conflict:2026-03-02T09:00:00Z"
