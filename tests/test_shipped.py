"""What a deployment or a release carries, as far as the log knows."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.flow.events import FlowEvent, flow_event
from bot.flow.shipped import NOTED, Deployment, Release, carried, released


def merge(item: int, at: int, base: str = "main") -> FlowEvent:
    return flow_event(
        repo="acme/shop", item=item, id=f"m{item}", at=at, kind="merged", actor="bob", sha=f"sha{item}", base=base
    )


def out(item: int, at: int, environment: str = "production") -> FlowEvent:
    about = {"environment": environment}
    return flow_event(
        repo="acme/shop", item=item, id=f"d{item}:{at}", at=at, kind="deployed", actor="bob", **about
    )  # fmt: skip


def deploy(sha: str, at: int, ref: str = "main", environment: str = "production") -> Deployment:
    return Deployment(sha, ref, environment, at - 60, at)


def items(found: Sequence[FlowEvent]) -> list[int]:
    return [event.item for event in found]


MERGED = [merge(1, 1000), merge(2, 2000), merge(3, 3000), merge(4, 3500, "next"), merge(5, 4000)]


def test_a_deployment_carries_what_was_merged_since_the_newest_that_is_out() -> None:
    assert items(carried(deploy("sha5", 9000), MERGED, [out(1, 1500)])) == [2, 3, 5]


def test_it_carries_nothing_that_was_merged_after_its_commit() -> None:
    assert items(carried(deploy("sha3", 9000), MERGED, [out(1, 1500)])) == [2, 3]


def test_what_is_merged_while_a_deployment_runs_comes_with_the_next() -> None:
    during = [*MERGED, merge(6, 8950)]
    first = carried(deploy("sha5", 9000), during, [out(1, 1500)])
    there = [out(1, 1500), *(out(event.item, 9000) for event in first)]
    assert items(carried(deploy("sha6", 9900), during, there)) == [6]


def test_a_commit_that_nothing_was_merged_as_carries_what_its_branch_had() -> None:
    assert items(carried(deploy("elsewhere", 3590), MERGED, [out(1, 1500)])) == [2, 3]
    assert items(carried(deploy("elsewhere", 9000, ref="next"), MERGED, [out(1, 1500)])) == []
    assert items(carried(deploy("elsewhere", 9000, ref="v1.2"), MERGED, [out(1, 1500)])) == []


def test_the_first_deployment_known_carries_the_one_it_is_of() -> None:
    assert items(carried(deploy("sha3", 9000), MERGED, [])) == [3]
    assert items(carried(deploy("elsewhere", 9000), MERGED, [])) == []


def test_each_environment_has_its_own_history() -> None:
    there = [out(5, 4100, "staging"), out(1, 1500)]
    assert items(carried(deploy("sha5", 9000), MERGED, there)) == [2, 3, 5]
    assert items(carried(deploy("sha5", 9000, environment="staging"), MERGED, there)) == []


def test_going_back_to_an_older_commit_carries_nothing() -> None:
    assert carried(deploy("sha2", 9000), MERGED, [out(5, 4100)]) == []


def release(id: int, cut: int, *, prerelease: bool = False) -> Release:
    return Release(id, f"v{id}", prerelease, cut, cut + 500)


def told(releases: Sequence[Release], before: Sequence[FlowEvent] = ()) -> list[tuple[int, int]]:
    return sorted((event.item, one.id) for event, one in released(releases, MERGED, "main", before))


def known(item: int, *, prerelease: bool = False) -> FlowEvent:
    own = {"prerelease": True} if prerelease else {}
    return flow_event(repo="acme/shop", item=item, id=f"r{item}", at=9, kind="released", actor="bob", tag="v0", **own)


def test_an_item_is_in_the_first_release_after_its_merge() -> None:
    assert told([release(2, 3200), release(1, 2500), release(3, 9000)]) == [(1, 1), (2, 1), (3, 2), (5, 3)]


def test_a_merge_may_be_noted_a_moment_after_its_commit() -> None:
    assert told([release(1, 1000 - NOTED)]) == [(1, 1)]
    assert told([release(1, 1000 - NOTED - 1)]) == []


def test_a_prerelease_comes_before_the_release_and_not_instead_of_it() -> None:
    candidates = [release(1, 2500, prerelease=True), release(2, 2600, prerelease=True), release(3, 2700)]
    assert told(candidates) == [(1, 1), (1, 3), (2, 1), (2, 3)]
    assert told(candidates, [known(1, prerelease=True)]) == [(1, 3), (2, 1), (2, 3)]
    assert told(candidates, [known(1)]) == [(2, 1), (2, 3)]
    assert told([release(1, 9000, prerelease=True)], [known(1)]) == [(2, 1), (3, 1), (5, 1)]


CUTS = st.lists(st.tuples(st.integers(0, 5000), st.booleans()), max_size=6)


@given(cuts=CUTS, seed=st.randoms())
def test_an_item_is_released_at_most_once_and_all_at_once_is_as_one_by_one(
    cuts: list[tuple[int, bool]], seed: Random
) -> None:
    releases = [release(id, cut, prerelease=pre) for id, (cut, pre) in enumerate(sorted(cuts), 1)]
    shuffled = seed.sample(releases, len(releases))
    at_once = told(shuffled)
    full = [item for item, id in at_once if not releases[id - 1].prerelease]
    assert len(full) == len(set(full))
    one_by_one: list[tuple[int, int]] = []
    before: list[FlowEvent] = []
    for one in releases:
        found = released([one], MERGED, "main", before)
        one_by_one += [(event.item, one.id) for event, _ in found]
        before += [known(event.item, prerelease=one.prerelease) for event, _ in found]
    assert sorted(one_by_one) == at_once
