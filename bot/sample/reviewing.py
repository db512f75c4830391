"""What reviewers do, and how they are asked."""

from __future__ import annotations

from bot.sample.cast import HELPER
from bot.sample.pull import Plot, Pull, Role

_FIRST_REVIEW = {
    Plot.OBJECTION: "changes_requested",
    Plot.DISMISSED: "changes_requested",
    Plot.TALK: "commented",
    Plot.ABANDONED: "commented",
    Plot.DELETED_REVIEWER: "commented",
}
_FOR_PEOPLE = (Plot.FORGOTTEN, Plot.STALE, Plot.DELETED_REVIEWER)


def ask(pull: Pull, at: int) -> None:
    """Reviews are asked for: of the team, or of as many people as approvals are lacking, now and then one more."""
    if pull.plot is Plot.TEAM or (pull.plot not in _FOR_PEOPLE and not pull.spoke and pull.rng.random() < 0.15):
        ask_team(pull, at)
        return
    if pull.plot is Plot.DELETED_REVIEWER and not pull.spoke:
        _request(pull, at, None)
    lacking = pull.team.approvals - list(pull.stances.values()).count("approved")
    wanted = max(1, lacking) + int(pull.rng.random() < 0.25)
    chosen = _candidates(pull)[:wanted]
    for reviewer in chosen:
        if _will_forget(pull):
            pull.forgetful.add(reviewer)
        _request(pull, at, reviewer)
    if not chosen and (undecided := _undecided(pull)):
        ask_again(pull, at, undecided[0])
    if pull.plot is not Plot.STALE:
        _plan_chase(pull, at)


def _will_forget(pull: Pull) -> bool:
    if pull.plot is Plot.FORGOTTEN and not pull.forgetful:
        return True
    return pull.plot is Plot.STALE or pull.rng.random() < 0.02


def _undecided(pull: Pull) -> list[str]:
    """Reviewers whose approval is lacking and who can still be reached."""
    return [login for login in pull.spoke if login is not None and pull.stances.get(login) != "approved"]


def _plan_chase(pull: Pull, at: int) -> None:
    pull.plan(pull.desk.after(pull.author, at, pull.rng.uniform(14, 26)), Role.CHASE)


def ask_team(pull: Pull, at: int) -> None:
    """The team is asked; two of it have seen it, and the first to come answers."""
    pull.tell(at, "review_requested", pull.author, team=pull.team.slug)
    pull.asked_team = True
    for reviewer in _candidates(pull)[:2]:
        pull.plan_review(at, reviewer, "review")
    _plan_chase(pull, at)


def _candidates(pull: Pull) -> list[str | None]:
    """Members who could still be asked, in the order the author thinks of them."""
    known = {pull.author, *pull.asked, *pull.spoke, *pull.forgetful}
    fresh: list[str | None] = [person.login for person in pull.team.members if person.login not in known]
    pull.rng.shuffle(fresh)
    return fresh


def _request(pull: Pull, at: int, reviewer: str | None) -> None:
    pull.tell(at, "review_requested", pull.author, reviewer=reviewer)
    pull.asked.append(reviewer)
    pull.plan_review(at, reviewer, "review")


def ask_again(pull: Pull, at: int, reviewer: str | None) -> None:
    """A fresh look is asked for: what the reviewer said before no longer counts."""
    pull.tell(at, "review_requested", pull.author, reviewer=reviewer)
    pull.stances.pop(reviewer, None)
    if reviewer not in pull.asked:
        pull.asked.append(reviewer)
    hand_back(pull, at, reviewer)


def hand_back(pull: Pull, at: int, reviewer: str | None) -> None:
    """The reviewer's remarks were answered; it is theirs to look again. A deleted account does not come back."""
    pull.unanswered.pop(reviewer, None)
    if reviewer is not None:
        pull.wrote_back.add(reviewer)
        pull.plan_review(at, reviewer, "re_review")


def review(pull: Pull, at: int, reviewer: str | None) -> None:
    """A reviewer looks at it: later where it is not fit for review, not at all where nobody waits for them."""
    asked = reviewer in pull.asked or reviewer in pull.wrote_back
    if not (asked or (pull.asked_team and reviewer not in pull.spoke)) or pull.enough or pull.queued:
        return
    if pull.preparing or pull.red:
        pull.plan(pull.desk.after(reviewer, at, 1.5), Role.REVIEWER, reviewer)
        return
    if pull.rng.random() < 0.2:
        pull.tell(at, "commented", reviewer)
    _submit(pull, at + pull.rng.randint(0, 300), reviewer, _opinion(pull, reviewer), for_team=not asked)


def _opinion(pull: Pull, reviewer: str | None) -> str:
    if reviewer is None:  # an objection nobody can take back would block the pull request for good
        return "commented"
    if reviewer in pull.spoke:
        shares = (82, 10, 8)
    elif not pull.spoke and pull.plot in _FIRST_REVIEW:
        return _FIRST_REVIEW[pull.plot]
    else:
        shares = (66, 15, 19)
    return pull.rng.choices(("approved", "changes_requested", "commented"), shares)[0]


def _submit(pull: Pull, at: int, reviewer: str | None, state: str, *, for_team: bool) -> None:
    own = {"teams": [pull.team.slug]} if for_team and pull.rng.random() < 0.5 else {}
    pull.tell(at, "review_submitted", reviewer, state=state, **own)
    if for_team:
        pull.asked_team = False
    elif reviewer in pull.asked:
        pull.asked.remove(reviewer)
    pull.wrote_back.discard(reviewer)
    if reviewer not in pull.spoke:
        pull.spoke.append(reviewer)
    if state != "commented":
        pull.stances[reviewer] = state
    if state != "approved":
        pull.unanswered[reviewer] = state
    _author_hears(pull, at, state, reviewer)


def _author_hears(pull: Pull, at: int, state: str, reviewer: str | None) -> None:
    if state == "approved" and (pull.by_a_bot or pull.author is None):
        # Nobody is there to merge it; who approved sees it through.
        pull.plan(pull.desk.after(reviewer, at, pull.desk.takes("merge")), Role.AUTHOR)
    elif state == "approved" and pull.plot is Plot.SLOW_MERGE:
        pull.plan(pull.desk.after(pull.author, at, pull.rng.uniform(14, 40)), Role.AUTHOR)
    else:
        pull.plan_author(at, {"approved": "merge", "changes_requested": "rework"}.get(state, "respond"))


def helper_review(pull: Pull, at: int) -> None:
    """A machine has something to say; it is nobody's turn because of it."""
    pull.tell(at, "review_submitted", HELPER, state="commented")


def chase(pull: Pull, at: int) -> None:
    """The author looks after requests that nobody answered for days: reminds, or asks somebody else."""
    if pull.enough or pull.by_a_bot:
        return
    _plan_chase(pull, at)
    if pull.preparing or pull.red or not (pull.asked or pull.asked_team):
        return
    silent = [login for login in pull.asked if login in pull.forgetful]
    others = _candidates(pull)
    if silent and others:
        pull.asked.remove(silent[0])
        pull.tell(at, "review_request_removed", pull.author, reviewer=silent[0])
        _request(pull, at + 40, others[0])
        return
    pull.tell(at, "commented", pull.author)
    pull.forgetful.clear()
    for login in silent:
        pull.plan_review(at, login, "review")
