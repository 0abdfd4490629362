"""Spans of time, half-open, in µs, and what is reckoned of them as of sets of instants. Pure.

Shifts, absences, rulings, business days last from a start to an end as spans do, and are given as they are; what comes
out is plain spans, none of them empty.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Lasting(Protocol):
    """Named tuples have no parents: this is what theirs would be."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class Span(NamedTuple):
    start: int
    end: int


def span_of(one: Lasting) -> Span:
    return Span(one.start, one.end)


def meets(one: Lasting, other: Lasting) -> bool:
    return one.start < other.end and other.start < one.end


def common_us(one: Lasting, other: Lasting) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def length_us(spans: Iterable[Lasting]) -> int:
    return sum(each.end - each.start for each in spans)


def spans_within(spans: Iterable[Lasting], bounds: Lasting) -> list[Span]:
    """What of each lies in the bounds, in their order."""
    cut = (Span(max(each.start, bounds.start), min(each.end, bounds.end)) for each in spans)
    return [each for each in cut if each.start < each.end]


def less(spans: Iterable[Lasting], taken: Iterable[Lasting]) -> list[Span]:
    """What of each is in nothing that is taken, in their order."""
    left = [Span(each.start, each.end) for each in spans if each.start < each.end]
    for gone in union(taken):
        left = [
            part
            for each in left
            for part in (Span(each.start, min(each.end, gone.start)), Span(max(each.start, gone.end), each.end))
            if part.start < part.end
        ]
    return left


def union(spans: Iterable[Lasting]) -> list[Span]:
    """Whatever is in one of them, each instant once, in the order of time."""
    found: list[Span] = []
    for each in sorted(Span(each.start, each.end) for each in spans if each.start < each.end):
        if found and each.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found
