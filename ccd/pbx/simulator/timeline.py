"""What is going to happen, in the order of its time; at the same time, in the order in which it was decided."""

import heapq
from collections.abc import Callable

Act = Callable[[int], None]  # is told its time, µs


class Timeline:
    def __init__(self) -> None:
        self._due: list[tuple[int, int, Act]] = []
        self._decided = 0

    def at(self, at: int, act: Act) -> None:
        """`act` happens at `at`, or with the next step where that is past already."""
        self._decided += 1
        heapq.heappush(self._due, (at, self._decided, act))

    def next_at(self) -> int | None:
        return self._due[0][0] if self._due else None

    def run_until(self, until: int) -> None:
        """Everything due at or before `until` happens, and what it leads to as well."""
        while self._due and self._due[0][0] <= until:
            at, _, act = heapq.heappop(self._due)
            act(at)
