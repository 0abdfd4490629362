"""What is expected of an agent on a day: shifts with their breaks, and absences. Spans are half-open, in µs."""

from typing import Literal, NamedTuple


class Span(NamedTuple):
    start: int
    end: int


class Shift(NamedTuple):
    start: int
    end: int
    breaks: tuple[Span, ...] = ()

    @property
    def work_us(self) -> int:
        return self.end - self.start - sum(each.end - each.start for each in self.breaks)


class Absence(NamedTuple):
    start: int
    end: int
    kind: str
    origin: Literal["leave", "withdrawal"]
    ref: str
