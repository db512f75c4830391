"""The rules of teams that have taught none: what most repositories mean by their labels, issue types, titles, branches.

Of several marks the surest goes first: that it is about security, what an issue was filed as, then its labels; a title
or a branch is looked at where nobody filed it. Looking after documents, tests and dependencies goes last of the labels,
as such a label often stands beside another.
"""

from __future__ import annotations

from bot.flow.types import BRANCH, ISSUE_TYPE, LABEL, TITLE, Rule, Rules
from bot.flow.work import DEBT, DEFECT, FEATURE, RISK


def _rule(type: str, mark: str, *patterns: str) -> Rule:
    return Rule(type, ((mark, patterns),))


COMMON: Rules = (
    _rule(RISK, LABEL, "security*", "vulnerability", "cve*", "compliance", "privacy", "gdpr", "risk"),
    _rule(RISK, ISSUE_TYPE, "security*", "vulnerability", "risk"),
    _rule(DEFECT, ISSUE_TYPE, "bug*", "defect", "incident"),
    _rule(FEATURE, ISSUE_TYPE, "feature*", "enhancement", "story", "user story"),
    _rule(DEBT, ISSUE_TYPE, "tech* debt", "debt", "chore", "maintenance"),
    _rule(DEFECT, LABEL, "bug*", "defect", "regression", "crash", "hotfix", "incident", "fix"),
    _rule(DEBT, LABEL, "tech*debt", "debt", "refactor*", "cleanup", "clean-up", "maintenance", "deprecation"),
    _rule(FEATURE, LABEL, "feature*", "feat", "enhancement", "improvement", "new feature", "story", "user story"),
    _rule(DEBT, LABEL, "dependencies", "deps", "chore", "documentation", "docs", "ci", "build", "test", "tests"),
    _rule(RISK, TITLE, "security:", "sec:", "[security]"),
    _rule(DEBT, TITLE, "fix(deps):", "bump * from"),
    _rule(DEFECT, TITLE, "fix:", "bugfix:", "hotfix:", "bug:", "[bug]", "[fix]", "revert:", 'revert "'),
    _rule(FEATURE, TITLE, "feat:", "feature:", "perf:", "[feature]"),
    _rule(DEBT, TITLE, "refactor:", "chore:", "docs:", "doc:", "test:", "tests:", "ci:", "build:", "style:", "deps:"),
    _rule(RISK, BRANCH, "security/", "security-"),
    _rule(DEFECT, BRANCH, "fix/", "fix-", "bugfix/", "bugfix-", "hotfix/", "hotfix-", "bug/", "revert-"),
    _rule(FEATURE, BRANCH, "feature/", "feature-", "feat/", "feat-"),
    _rule(DEBT, BRANCH, "refactor/", "refactor-", "chore/", "chore-", "docs/", "docs-", "test/", "ci/", "build/"),
    _rule(DEBT, BRANCH, "dependabot/", "renovate/"),
)
"""The first that matches counts."""
