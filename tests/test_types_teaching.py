"""Teaching the rules of types: what they catch, what a change would mean, and the rule a person may have meant."""

from __future__ import annotations

import pytest

from bot.flow.common_types import COMMON
from bot.flow.teaching import (
    ADD,
    LAST,
    MOVE,
    REMOVE,
    RESET,
    BadChange,
    Known,
    RuleChange,
    caught,
    changed,
    moves,
    offer,
)
from bot.flow.types import LABEL, TITLE, Marks, Rule, Rules

BUGS = Rule("defect", ((LABEL, ("bug*",)),))
FEATURES = Rule("feature", ((TITLE, ("feat:",)),))
CRASHES = Rule("risk", ((LABEL, ("crash",)),))


def item(number: int, title: str = "", *labels: str, said: str | None = None, branch: str = "") -> Known:
    marks = Marks("acme/shop", title.casefold(), branch, labels=frozenset(labels))
    return Known(("github", "acme/shop", number), (marks,), said)


def test_each_rule_is_told_with_what_it_caught_and_what_none_did():
    known = [item(1, "", "bug"), item(2, "feat: x", "bug"), item(3, "feat: x"), item(4), item(5, said="risk")]
    assert caught(known, (BUGS, FEATURES)) == {BUGS: 2, FEATURES: 1, None: 1}


def test_a_rule_is_added_before_all_others_or_where_it_is_said():
    assert changed((BUGS, FEATURES), RuleChange(ADD, CRASHES), ()) == (CRASHES, BUGS, FEATURES)
    assert changed((BUGS, FEATURES), RuleChange(ADD, CRASHES, to=2), ()) == (BUGS, CRASHES, FEATURES)
    assert changed((BUGS, FEATURES), RuleChange(ADD, CRASHES, to=LAST), ()) == (BUGS, FEATURES, CRASHES)


def test_a_rule_is_removed_moved_and_all_are_as_they_were():
    assert changed((BUGS, FEATURES, CRASHES), RuleChange(REMOVE, number=2), ()) == (BUGS, CRASHES)
    assert changed((BUGS, FEATURES, CRASHES), RuleChange(MOVE, number=3, to=1), ()) == (CRASHES, BUGS, FEATURES)
    assert changed((BUGS, FEATURES, CRASHES), RuleChange(MOVE, number=1, to=LAST), ()) == (FEATURES, CRASHES, BUGS)
    assert changed((BUGS, FEATURES, CRASHES), RuleChange(MOVE, number=1, to=3), ()) == (FEATURES, BUGS, CRASHES)
    assert changed((BUGS,), RuleChange(RESET), (FEATURES,)) == (FEATURES,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (RuleChange(REMOVE, number=3), "There is no rule 3; they are numbered 1 to 2."),
        (RuleChange(ADD, CRASHES, to=9), "There is no rule 9; they are numbered 1 to 2."),
        (RuleChange(MOVE, number=1, to=3), "There is no rule 3; they are numbered 1 to 2."),
        (RuleChange(MOVE, number=2, to=2), "Rule 2 stands there already."),
        (RuleChange(MOVE, number=2, to=LAST), "Rule 2 stands there already."),
        (RuleChange(ADD, FEATURES), "That rule stands there already, as number 2."),
    ],
)
def test_a_change_that_can_not_be_made_says_why(change: RuleChange, said: str):
    with pytest.raises(BadChange, match=said):
        changed((BUGS, FEATURES), change, ())


def test_what_other_rules_would_change_is_told_item_by_item():
    both, one = item(1, "feat: x", "bug"), item(2, "feat: x")
    assert moves([both, one], (BUGS, FEATURES), (FEATURES, BUGS)) == [(both, "defect", "feature")]
    assert moves([item(3, "feat: x", "bug", said="debt")], (BUGS,), (FEATURES,)) == []


def offered(one: Known, others: list[Known], rules: Rules = COMMON) -> tuple[Rule, int, int] | None:
    found = offer(one, [one, *others], rules)
    return found and (found.change.rule, found.change.to, found.moved)  # type: ignore[return-value]


def by(type: str, mark: str, pattern: str) -> Rule:
    return Rule(type, ((mark, (pattern,)),))


def test_the_rule_that_catches_most_of_what_has_no_type_is_offered():
    others = [item(2, "", "oops"), item(3, "Repair totals", "oops"), item(4, "Repair x"), item(5, "", "p2")]
    assert offered(item(1, "Repair x", "oops", "p2", said="defect"), others) == (by("defect", "label", "oops"), LAST, 2)


def test_of_equal_rules_the_surest_mark_is_offered():
    one = item(1, "hot: x", "oops", said="defect", branch="hot/x")
    assert offered(one, []) == (by("defect", "label", "oops"), LAST, 0)
    assert offered(one._replace(marks=(one.marks[0]._replace(labels=frozenset()),)), []) == (
        by("defect", "title", "hot:"), LAST, 0,
    )  # fmt: skip


def test_a_rule_that_contradicts_what_somebody_said_is_not_offered():
    one = item(1, "Repair totals", "oops", said="defect")
    assert offered(one, [item(2, "", "oops", said="feature")]) == (by("defect", "title", "repair *"), LAST, 0)


def test_a_rule_is_not_offered_where_much_of_what_it_matches_is_of_another_type():
    one = item(1, "", "p2", said="defect")
    assert offered(one, [item(2, "", "p2", "feature"), item(3, "", "p2")]) is None


def test_a_rule_for_what_another_told_wrongly_goes_before_that():
    one = item(1, "", "bug", "docs site", said="debt")
    assert offered(one, [], (FEATURES, BUGS)) == (by("debt", "label", "docs site"), 2, 0)


def test_nothing_is_offered_for_what_a_rule_tells_already_or_nothing_tells():
    assert offered(item(1, "", "bug", said="defect"), []) is None
    assert offered(item(1, "", said="defect"), []) is None
    assert offer(item(1, "", "oops"), [], COMMON) is None


def test_a_repository_is_offered_once_several_of_its_items_were_said_to_be_of_a_type():
    others = [item(2, said="risk"), item(3)]
    assert offered(item(1, said="risk"), others) is None
    assert offered(item(1, said="risk"), [*others, item(4, said="risk")]) == (by("risk", "repo", "acme/shop"), LAST, 1)
    assert offered(item(1, said="risk"), [*others, item(4, said="risk"), item(5, said="debt")]) is None


def test_of_a_label_in_a_group_the_whole_goes_first():
    one = item(1, "", "area: tax", said="risk")
    assert offered(one, []) == (by("risk", "label", "area: tax"), LAST, 0)
    assert offered(one, [item(2, "", "tax")]) == (by("risk", "label", "tax"), LAST, 1)


def test_a_label_that_nobody_can_type_is_not_offered():
    assert offered(item(1, "", "a\u200bb", 'it\'s "x"', said="risk"), []) is None
