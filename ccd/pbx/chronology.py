"""Files of one PBX in the order of their time, and a look that time goes on in them.

A shell names rotated files newest first (`queue_log`, `queue_log.1`), and what is replayed in another order than it
happened gives other figures, without any sign of it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ccd.errors import BackwardsError
from ccd.floor.days import SECOND

BACKWARDS_US_MAX = 60 * SECOND  # a clock is set back by less, and events overtake each other by less
OVERLAP_US_MAX = SECOND  # of two files: a log's times are whole seconds


def as_it_is(path: Path) -> BinaryIO:
    return path.open("rb")


class Chronology:
    """The latest time (µs) so far."""

    def __init__(self) -> None:
        self._latest = 0

    def in_order(
        self,
        files: Iterable[Path],
        first_at: Callable[[BinaryIO], int | None],
        opened: Callable[[Path], BinaryIO] = as_it_is,
    ) -> Iterator[Path]:
        """By the first time (µs) in each; one without any follows the one it is named after.

        Raises BackwardsError where a file begins before the one before it has ended, OSError where one can't be read.
        """
        starts: list[tuple[int, int | None, Path]] = []
        place = 0
        for path in files:
            with opened(path) as stream:
                at = first_at(stream)
            place = place if at is None else at
            starts.append((place, at, path))
        for _, at, path in sorted(starts, key=lambda start: start[0]):
            if at is not None and at < self._latest - OVERLAP_US_MAX:
                raise BackwardsError(path, (self._latest - at) / SECOND)
            yield path

    def go_on(self, at: int, where: Callable[[], str]) -> None:
        """Raises BackwardsError where `at` is before what was already said, by more than a clock is corrected."""
        if at > self._latest:
            self._latest = at
        elif at < self._latest - BACKWARDS_US_MAX:
            raise BackwardsError(where(), (self._latest - at) / SECOND)
