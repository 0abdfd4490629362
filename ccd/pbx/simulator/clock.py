"""The simulated switch's time: as many times faster than ours as wanted, from a start of its own."""

import time
from collections.abc import Callable

from ccd.floor.days import SECOND


class VirtualClock:
    """Starts at `start` (µs since the epoch) and runs `speed` times as fast as `monotonic` (seconds)."""

    def __init__(self, start: int, speed: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.start = start
        self.speed = speed
        self._monotonic = monotonic
        self._began_s: float | None = monotonic()
        self._skipped = 0

    def now(self) -> int:
        """µs since the epoch."""
        if self._began_s is None:
            return self.start + self._skipped
        return self.start + self._skipped + int((self._monotonic() - self._began_s) * self.speed * SECOND)

    def hold(self) -> None:
        """It is `start`, and stays so until `release`: what is prepared meanwhile takes no time."""
        self._began_s, self._skipped = None, 0

    def release(self) -> None:
        self._began_s = self._monotonic()

    def skip_to(self, at: int) -> None:
        """It is `at` now, where that is later."""
        self._skipped += max(0, at - self.now())
