"""What many threads want at once is done in one go: the first of them serves all that wait, and then the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

AT_ONCE = 64


class _Call(Generic[Asked, Answer]):
    """Something asked for, and what came of it."""

    def __init__(self, kin: object, asked: Asked) -> None:
        self.kin = kin
        self.asked = asked
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.done = False

    def settle(self, answer: Answer | None, error: BaseException | None = None) -> None:
        self.answer, self.error, self.done = answer, error, True


class Together(Generic[Asked, Answer]):
    """Serves calls in groups. `serve` answers each of those it is given, in order, or raises for all of them."""

    def __init__(self, serve: Callable[[Sequence[Asked]], Sequence[Answer]]) -> None:
        self._serve = serve
        self._waiting: list[_Call[Asked, Answer]] = []
        self._list = Lock()
        self._serving = Lock()

    def through(self, kin: object, asked: Asked) -> Answer:
        """The answer, once the group it was served in is finished; only calls of the same `kin` are grouped.

        Raises what serving it alone raised: a call that fails does not fail its neighbours.
        """
        call: _Call[Asked, Answer] = _Call(kin, asked)
        with self._list:
            self._waiting.append(call)
        with self._serving:
            if not call.done:
                self._lead(self._taken(call))
        if call.error is not None:
            raise call.error
        return call.answer  # type: ignore[return-value]  # settled without an error

    def _taken(self, leader: _Call[Asked, Answer]) -> list[_Call[Asked, Answer]]:
        with self._list:
            kin = [call for call in self._waiting if call.kin is leader.kin and call is not leader]
            group = [leader, *kin[: AT_ONCE - 1]]
            self._waiting = [call for call in self._waiting if call not in group]
        return group

    def _lead(self, group: list[_Call[Asked, Answer]]) -> None:
        try:
            self._settle(group)
        finally:  # a leader that is interrupted leaves the others to lead themselves
            with self._list:
                self._waiting += [call for call in group[1:] if not call.done]

    def _settle(self, group: Sequence[_Call[Asked, Answer]]) -> None:
        try:
            answers = self._serve([call.asked for call in group])
        except Exception as error:
            if len(group) == 1:
                group[0].settle(None, error)
                return
            for call in group:
                self._settle([call])
            return
        for call, answer in zip(group, answers, strict=True):
            call.settle(answer)
