"""A PostgreSQL filled as years of an organisation would have filled it: set-based, in seconds, the same each time.

Repositories are a long tail: a few have thousands of items, most have some. Each item is a pull request by somebody
with one review asked of somebody else; nearly all were reviewed and merged within a year, the rest is open.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, text

NOW = 1_772_460_000
"""A Monday, 14:00 UTC."""
WORKSPACE = "default"
YEAR = 365 * 86_400
OPEN_FOR = 9 * 86_400
"""Items that were opened in the last so many seconds are open still."""
LINKED = 200
"""Repositories, the busiest, that are linked to a channel each."""


class Size(NamedTuple):
    """How much there is: of the busiest repository `most` items, of all together about `items`."""

    repos: int
    people: int
    items: int

    @property
    def scale(self) -> float:
        """By what a repository's weight is multiplied to be its number of items."""
        return (self.items - 2 * self.repos) / (self.repos * 6.2)


SMALL = Size(1_000, 500, 60_000)
MEDIUM = Size(10_000, 2_000, 300_000)
LARGE = Size(100_000, 10_000, 900_000)

_GENERATED = f"""
CREATE UNLOGGED TABLE generated AS
SELECT repo, item, h, opened_at, 'dev' || author AS author, 'dev' || (author + 1 + h % 7) % :people AS reviewer,
    opened_at + 3600 + h % 80000 AS reviewed_at, opened_at + 5400 + h % 90000 AS merged_at,
    opened_at > {NOW - OPEN_FOR} AS open, md5(repo || item) || '00000000' AS head
FROM (
    SELECT repo, item, h, (h * 31 + r) % :people AS author, {NOW} - 1800 - (h::bigint * 7919) % {YEAR} AS opened_at
    FROM (SELECT r, 'acme/r' || lpad(r::text, 6, '0') AS repo, item, (r * 7919 + item * 104729) % 1000003 AS h
          FROM generate_series(1, :repos) AS r,
          LATERAL generate_series(1, 2 + (:scale * :repos / (r + :repos / 500.0))::int) AS item) AS numbered
) AS timed"""
_EVENT = f"""INSERT INTO events (workspace, host, repo, id, item, at, seq, kind, actor, actor_type, approximate, data)
SELECT '{WORKSPACE}', 'github', repo, """
_KINDS = (
    "'opened:' || item, item, opened_at, 0, 'opened', author, 'User', false, json_build_object("
    "'type', 'pull_request', 'draft', false, 'title', 'Change ' || item || ' of the totals', 'url', "
    "'https://github.com/' || repo || '/pull/' || item, 'head', head, 'size', h % 900, 'base', 'main')::text "
    "FROM generated",
    "'asked:' || item, item, opened_at, 1, 'review_requested', author, 'User', false, "
    "'{\"reviewer\":\"' || reviewer || '\"}' FROM generated",
    "'comment:' || item, item, opened_at + 1800, 0, 'commented', reviewer, 'User', false, '{}' FROM generated",
    "'review:' || item, item, reviewed_at, 0, 'review_submitted', reviewer, 'User', false, "
    '\'{"state":"approved"}\' FROM generated WHERE NOT open',
    "'merged:' || item, item, merged_at, 0, 'merged', author, 'User', false, '{\"sha\":\"' || md5(head) || '\"}' "
    "FROM generated WHERE NOT open",
)
_WAIT = f"""INSERT INTO waits (workspace, id, host, repo, item, kind, holder, holder_key, team, since, until, ended_by,
    reds, asked_by, asked_at, opened_by, next_nudge_at, backlog, backlog_told)
SELECT '{WORKSPACE}', """
_ROWS = (
    *(_EVENT + kind for kind in _KINDS),
    f"""INSERT INTO items (workspace, host, repo, item, type, title, url, author, author_key, size,
    head, merge_sha, opened_at, live, ready, merged, nobody_to_ask)
    SELECT '{WORKSPACE}', 'github', repo, item, 'pull_request',
    'Change ' || item || ' of the totals', 'https://github.com/' || repo || '/pull/' || item, author, author, h % 900,
    head, CASE WHEN open THEN NULL ELSE md5(head) END, opened_at, open, open, NOT open, false FROM generated""",
    _WAIT
    + f"""row_number() OVER (ORDER BY repo, item), 'github', repo, item, 'review', reviewer, reviewer, false, opened_at,
    CASE WHEN open THEN NULL ELSE reviewed_at END, CASE WHEN open THEN NULL ELSE 'review_submitted' END, '[]', author,
    opened_at, 'review_requested', CASE WHEN open THEN {NOW} + 3600 + h % 800000 END, false, false FROM generated""",
    _WAIT
    + """1000000000 + row_number() OVER (ORDER BY repo, item), 'github', repo, item, 'merge', author, author,
    false, reviewed_at, merged_at, 'merged', '[]', NULL, NULL, 'review_submitted', NULL, false, false FROM generated
    WHERE NOT open""",
    f"""INSERT INTO journeys (workspace, stream, host, repo, item, version, segment, began_at, ended_at,
    dropped, digest) SELECT '{WORKSPACE}', 'standard', 'github', repo, item, 1, NULL, opened_at,
    CASE WHEN open THEN NULL ELSE merged_at END, false, left(head, 24) FROM generated""",
    f"""INSERT INTO visits (workspace, stream, host, repo, item, seq, stage, since, until, picked_up_at, handed_over)
    SELECT '{WORKSPACE}', 'standard', 'github', repo, item, 0, 'Review', opened_at,
    CASE WHEN open THEN NULL ELSE reviewed_at END, NULL::bigint, 0 FROM generated UNION ALL
    SELECT '{WORKSPACE}', 'standard', 'github', repo, item, 1, 'Ready to merge', reviewed_at, merged_at, NULL, 0
    FROM generated WHERE NOT open""",
    f"""INSERT INTO checks (workspace, host, repo, sha, subject, failed, at)
    SELECT '{WORKSPACE}', 'github', repo, head, 'build', false, opened_at + 600 FROM generated""",
    f"""INSERT INTO outbox (workspace, id, recipient, rung, state, made_at, not_before, attempts, channel, ts, sent_at,
    settled) SELECT '{WORKSPACE}', md5(repo || item || 'm'), reviewer, 'heads_up', 'sent', reviewed_at - 600,
    reviewed_at - 600, 0, 'D' || reviewer, (reviewed_at - 599) || '.000100', reviewed_at - 599, true FROM generated
    WHERE NOT open AND h % 3 = 0""",
    f"""INSERT INTO nudges (workspace, wait_id, rung, at, outbox_id)
    SELECT '{WORKSPACE}', w.id, 'heads_up', g.reviewed_at - 600, md5(g.repo || g.item || 'm')
    FROM generated g JOIN waits w ON w.repo = g.repo AND w.item = g.item AND w.kind = 'review'
    WHERE NOT g.open AND g.h % 3 = 0""",
    f"""INSERT INTO answers (workspace, id, wait_id, "user", kind, reason, at, until)
    SELECT '{WORKSPACE}', md5(n.outbox_id), n.wait_id, 'U' || substr(w.holder, 4), 'on_it', NULL,
    n.at + 60, n.at + 7200 FROM nudges n JOIN waits w ON w.id = n.wait_id WHERE n.wait_id % 5 = 0""",
    f"""INSERT INTO repos (workspace, host, repo, connected, history_read_at, read_until, webhook_at, private,
    private_at) SELECT DISTINCT '{WORKSPACE}', 'github', repo, true, {NOW - YEAR}, {NOW} - 20 - h % 280,
    {NOW} - h % 9000, false, {NOW - YEAR} FROM generated WHERE item = 1""",
    f"""INSERT INTO said (workspace, path, value)
    SELECT '{WORKSPACE}', '["people","dev' || n || '","slack"]', '"U' || n || '"'
    FROM generate_series(0, :people - 1) AS n UNION ALL
    SELECT '{WORKSPACE}', '["repos","acme/r' || lpad(n::text, 6, '0') || '","channel"]', '"C' || n || '"'
    FROM generate_series(1, {LINKED}) AS n""",
    f"""INSERT INTO members (workspace, "user", name, tz, admin, gone, seen_at, quiet_seen_at)
    SELECT '{WORKSPACE}', 'U' || n, 'Developer ' || n, 'UTC', n = 0, false, {NOW}, 0
    FROM generate_series(0, :people - 1) AS n""",
    f"""INSERT INTO settings (workspace, key, value) VALUES ('{WORKSPACE}', 'said', '"generated"')""",
)


def fill(engine: Engine, size: Size) -> None:
    """Fill a migrated database without rows, and have PostgreSQL look at what is there."""
    named = {"repos": size.repos, "people": size.people, "scale": size.scale}
    with engine.begin() as connection:
        for statement in (_GENERATED, *_ROWS, "DROP TABLE generated"):
            words = text(statement.replace("::", "\\:\\:"))
            connection.execute(words, {key: named[key] for key in words._bindparams})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def rows(engine: Engine) -> dict[str, int]:
    """How many rows each table has that has any."""
    with engine.connect() as connection:
        names = connection.execute(text("SELECT relname FROM pg_stat_user_tables ORDER BY relname")).scalars()
        counts = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}
    return {name: count for name, count in counts.items() if count}
