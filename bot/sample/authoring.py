"""What authors do: open, prepare, repair, rework, answer, merge, give up."""

from __future__ import annotations

from bot.sample.cast import CI, DEPLOY, POSES_AS_A_USER, QUEUE
from bot.sample.pull import HOUR, Plot, Pull, Role
from bot.sample.reviewing import ask, ask_again, hand_back

_WIP_LABELS = ("WIP", "wip", "do not merge")


def open_pull(pull: Pull, at: int) -> None:
    """The first event, and what follows at once."""
    pull.live = True
    pull.draft = pull.plot is Plot.DRAFT
    pull.wip = pull.plot is Plot.WIP
    pull.tell(
        at,
        "opened",
        pull.author,
        type="pull_request",
        draft=pull.draft,
        title=pull.work.title,
        url=f"https://github.com/{pull.team.repo}/pull/{pull.item}",
        base=pull.rng.choices(("main", "release/2.4"), (92, 8))[0],
        size=pull.work.size,
        branch=pull.work.branch,
        labels=[*pull.work.labels, *([_WIP_LABELS[0]] if pull.wip else [])],
    )
    _surroundings(pull, at)
    if pull.preparing:
        _prepare(pull, at, pull.rng.uniform(3, 14))
    elif pull.plot is Plot.UNASKED:
        pull.plan(pull.desk.after(pull.author, at, pull.rng.uniform(5, 20)), Role.AUTHOR)
    elif pull.rng.random() < 0.25:
        pull.plan_author(at, "assign")
    else:
        ask(pull, at + pull.rng.randint(0, 240))
    if pull.plot in (Plot.PARKED, Plot.BACK_TO_DRAFT):
        pull.plan(at + pull.rng.randint(900, 1800), Role.PARK)


def _surroundings(pull: Pull, at: int) -> None:
    """Checks begin; machines and the author's own housekeeping leave their traces."""
    start_checks(pull, at)
    if pull.by_a_bot:
        return
    if pull.rng.random() < 0.3:
        pull.tell(at + 5, "assigned", pull.author, assignee=pull.author)
    if pull.rng.random() < 0.3:
        pull.plan(at + pull.rng.randint(60, 180), Role.HELPER)
    if pull.rng.random() < 0.15:
        pull.tell(at + 30, "commented", POSES_AS_A_USER)
    if pull.rng.random() < 0.1:
        pull.tell(at + 50, "labeled", pull.author, label="customer request")


def start_checks(pull: Pull, at: int) -> None:
    pull.plan(at + pull.rng.randint(240, 1500), Role.CHECKS)


def checks_turn(pull: Pull, at: int) -> None:
    """The required checks are through; the author repairs what fails, and goes on with what had to wait for them."""
    if pull.queued:
        return
    first = not any(event.kind.startswith("checks_") for event in pull.events)
    was_red, pull.red = pull.red, (first and pull.plot is Plot.RED) or pull.rng.random() < 0.12
    pull.tell(at, "checks_failed" if pull.red else "checks_passed", CI)
    if pull.red:
        pull.plan_author(at, "fix")
    elif pull.preparing:
        pull.plan(max(at, pull.prepared_at) + 60, Role.AUTHOR)
    elif was_red:
        pull.plan_author(at, "assign")


def _prepare(pull: Pull, at: int, hours: float) -> None:
    """The author works on, for so many working hours, before anybody should look."""
    pull.prepared_at = pull.desk.after(pull.author, at, hours)
    pull.plan(pull.prepared_at, Role.AUTHOR)


def park(pull: Pull, at: int) -> None:
    """Something else comes first: the pull request is taken out of review for a while."""
    if pull.preparing or pull.queued:
        return
    if pull.plot is Plot.PARKED:
        pull.wip = True
        pull.tell(at, "labeled", pull.author, label=pull.rng.choice(_WIP_LABELS))
        pull.tell(at, "unassigned", pull.author, assignee=pull.author)
    else:
        pull.draft = True
        pull.tell(at, "converted_to_draft", pull.author)
    _prepare(pull, at, pull.rng.uniform(6, 16))


def author_turn(pull: Pull, at: int) -> None:
    """The author looks at it and does what is needed most; nothing where others have to move."""
    if pull.queued:
        return
    if pull.red:
        push(pull, at)
    elif pull.preparing:
        _get_ready(pull, at)
    elif pull.plot in (Plot.ABANDONED, Plot.REOPENED) and pull.spoke:
        _give_up(pull, at)
    elif pull.unanswered:
        _answer(pull, at)
    elif pull.enough:
        _merge(pull, at)
    elif not (pull.asked_team or pull.wrote_back or any(pull.asked)):
        ask(pull, at)


def push(pull: Pull, at: int) -> None:
    """New commits: checks run again, and who had remarks is to look again."""
    pull.tell(at, "pushed", pull.author)
    start_checks(pull, at)
    for reviewer in list(pull.unanswered):
        hand_back(pull, at, reviewer)


def _get_ready(pull: Pull, at: int) -> None:
    if at < pull.prepared_at:
        return
    push(pull, at)
    if pull.draft:
        pull.draft = False
        pull.tell(at + 60, "ready_for_review", pull.author)
    if pull.wip:
        pull.wip = False
        pull.tell(at + 60, "unlabeled", pull.author, label=_wip_label(pull))
    if pull.plot is Plot.PARKED:
        pull.tell(at + 90, "assigned", pull.author, assignee=pull.author)
    if not (pull.asked or pull.asked_team or pull.spoke):
        ask(pull, at + 120)
    else:
        pull.plan_author(at + 120, "merge")


def _wip_label(pull: Pull) -> str:
    """The label that was put on last."""
    for event in reversed(pull.events):
        if event.kind == "labeled" and event.data["label"] in _WIP_LABELS:
            return str(event.data["label"])
    return _WIP_LABELS[0]


def _answer(pull: Pull, at: int) -> None:
    """Objections are answered by a push, remarks by a reply, a review of one's own, or a push."""
    objected = "changes_requested" in pull.unanswered.values()
    if pull.plot is Plot.DISMISSED and objected:
        _dismiss(pull, at)
    elif objected or pull.rng.random() < 0.4:
        reviewers = list(pull.unanswered)
        push(pull, at)
        if pull.rng.random() < 0.45:
            ask_again(pull, at + 90, reviewers[0])
    elif pull.by_a_bot:
        _give_up(pull, at)
    else:
        _reply(pull, at)
    if pull.live and not (pull.wrote_back or any(pull.asked) or pull.asked_team):
        pull.plan_author(at, "assign")


def _reply(pull: Pull, at: int) -> None:
    if pull.rng.random() < 0.25:
        pull.tell(at, "review_submitted", pull.author, state="commented")
    else:
        pull.tell(at, "commented", pull.author)
    for reviewer in list(pull.unanswered):
        hand_back(pull, at, reviewer)


def _dismiss(pull: Pull, at: int) -> None:
    """The objection was answered, and who raised it has moved on: a colleague takes it off."""
    objector = next(login for login, state in pull.unanswered.items() if state == "changes_requested")
    push(pull, at)
    pull.wrote_back.discard(objector)
    pull.stances.pop(objector, None)
    pull.plan_author(at + HOUR, "assign")
    colleague = next(p.login for p in pull.team.members if p.login not in (pull.author, objector))
    pull.tell(at + pull.rng.randint(600, 2400), "review_dismissed", colleague, reviewer=objector)


def _give_up(pull: Pull, at: int) -> None:
    pull.tell(at, "commented", pull.author)
    pull.tell(at + 20, "closed", pull.author)
    pull.live = False
    pull.drop_plans()
    if pull.plot is Plot.REOPENED:
        pull.plan(pull.desk.after(pull.author, at, pull.rng.uniform(3, 12)), Role.REOPEN)


def reopen(pull: Pull, at: int) -> None:
    """Second thoughts: it is wanted after all, and goes on as any other."""
    pull.live, pull.plot = True, Plot.PLAIN
    pull.tell(at, "reopened", pull.author)
    push(pull, at + 60)
    for reviewer in pull.asked:
        pull.plan_review(at, reviewer, "review")
    pull.plan_author(at + 60, "merge")


def _merge(pull: Pull, at: int) -> None:
    if pull.team.merge_queue:
        pull.queued = True
        pull.tell(at, "queued", _who_merges(pull))
        pull.plan(at + pull.rng.randint(600, 2400), Role.QUEUE)
    else:
        _merged(pull, at, _who_merges(pull))


def _who_merges(pull: Pull) -> str | None:
    """The author; where that is a bot or gone, who approved last."""
    if pull.author is not None and not pull.by_a_bot:
        return pull.author
    return [login for login, stance in pull.stances.items() if stance == "approved"][-1]


def queue_turn(pull: Pull, at: int) -> None:
    """The merge queue merges it, or throws it out because checks fail on top of the others."""
    if pull.rng.random() < 0.8:
        _merged(pull, at, QUEUE)
        return
    pull.queued, pull.red = False, True
    pull.tell(at, "dequeued", QUEUE)
    pull.tell(at, "checks_failed", QUEUE)
    pull.plan_author(at, "fix")


def _merged(pull: Pull, at: int, actor: str | None) -> None:
    pull.tell(at, "merged", actor)
    pull.live = False
    pull.drop_plans()
    if pull.rng.random() < 0.6:
        staged = at + pull.rng.randint(600, 1800)
        pull.tell(staged, "deployed", DEPLOY, environment="staging")
        out = pull.desk.after(pull.author, staged, pull.rng.uniform(1, 12))
        pull.tell(out, "deployed", DEPLOY, environment="production")
    if pull.rng.random() < 0.1:
        pull.tell(pull.desk.after(pull.spoke[0], pull.last_at, 1), "commented", pull.spoke[0])
