"""What many threads want at once is done in one go: the first of them serves all that wait, and then the next."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Event, Lock
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
        self.woken = Event()
        """It is done, or its turn to lead."""

    def settle(self, answer: Answer | None, error: BaseException | None = None) -> None:
        self.answer, self.error, self.done = answer, error, True


class Together(Generic[Asked, Answer]):
    """Serves calls in groups. `serve` answers each of those it is given, in order, or raises for all of them.

    Whatever it raises of which `hopeless` says so concerns those, too, who wait for their turn: none of them begins to
    wait for the same thing anew.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[Asked]], Sequence[Answer]],
        hopeless: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self._serve, self._hopeless = serve, hopeless
        self._waiting: list[_Call[Asked, Answer]] = []
        self._led = False
        self._lock = Lock()

    def through(self, kin: object, asked: Asked) -> Answer:
        """The answer, once the group it was served in is finished; only calls of the same `kin` are grouped.

        Raises what serving it alone raised, or what was hopeless: else a call that fails does not fail its neighbours.
        """
        call: _Call[Asked, Answer] = _Call(kin, asked)
        if not self._leads(call):
            call.woken.wait()
        if not call.done:
            self._lead(call)
        if call.error is not None:
            raise call.error
        return call.answer  # type: ignore[return-value]  # settled without an error

    def _leads(self, call: _Call[Asked, Answer]) -> bool:
        """Queue a call; whether nobody is serving, so that it begins."""
        with self._lock:
            self._waiting.append(call)
            leads, self._led = not self._led, True
            return leads

    def _lead(self, leader: _Call[Asked, Answer]) -> None:
        group = self._group(leader)
        try:
            hopeless = self._settle(group)
            if hopeless is not None:
                group += self._give_up(hopeless)
        finally:  # where the leader is interrupted, the others lead themselves
            self._hand_over(group)

    def _group(self, leader: _Call[Asked, Answer]) -> list[_Call[Asked, Answer]]:
        with self._lock:
            kin = [call for call in self._waiting if call.kin is leader.kin and call is not leader]
            group = [leader, *kin[: AT_ONCE - 1]]
            self._waiting = [call for call in self._waiting if call not in group]
        return group

    def _give_up(self, error: Exception) -> list[_Call[Asked, Answer]]:
        """Those who wait for their turn, who are told the same."""
        with self._lock:
            behind, self._waiting = self._waiting, []
        for call in behind:
            call.settle(None, error)
        return behind

    def _hand_over(self, group: Sequence[_Call[Asked, Answer]]) -> None:
        """Wake those who were served, and the longest waiting of the others to lead."""
        with self._lock:
            self._waiting = [call for call in group[1:] if not call.done] + self._waiting
            woken = [call for call in group[1:] if call.done] + self._waiting[:1]
            self._led = bool(self._waiting)
        for call in woken:
            call.woken.set()

    def _settle(self, group: Sequence[_Call[Asked, Answer]]) -> Exception | None:
        """Serve a group, one by one where it can't be served together; what was hopeless, if anything was."""
        try:
            answers = self._serve([call.asked for call in group])
        except Exception as error:
            hopeless = self._hopeless(error)
            if hopeless or len(group) == 1:
                for call in group:
                    call.settle(None, error)
                return error if hopeless else None
            return self._one_by_one(group)
        for call, answer in zip(group, answers, strict=True):
            call.settle(answer)
        return None

    def _one_by_one(self, group: Sequence[_Call[Asked, Answer]]) -> Exception | None:
        for place, call in enumerate(group, 1):
            hopeless = self._settle([call])
            if hopeless is not None:
                for behind in group[place:]:
                    behind.settle(None, hopeless)
                return hopeless
        return None


class Again:
    """Work by name. While some of a name is done, all that is asked for of it meanwhile is done once, after that."""

    def __init__(self) -> None:
        self._wanted: dict[Hashable, bool] = {}
        """By the names at work: whether they are to be done again."""
        self._lock = Lock()

    def do(self, name: Hashable, work: Callable[[], None]) -> None:
        """Do the work, or leave it to whoever is at it. Raises what the work raises."""
        with self._lock:
            at_work = name in self._wanted
            self._wanted[name] = at_work
        if at_work:
            return
        try:
            while True:
                work()
                if not self._goes_on(name):
                    return
        except BaseException:
            with self._lock:
                del self._wanted[name]
            raise

    def _goes_on(self, name: Hashable) -> bool:
        with self._lock:
            if self._wanted[name]:
                self._wanted[name] = False
                return True
            del self._wanted[name]
            return False
