"""The headers that are looked at, in a quarter of the time of a dict of all.

A PBX writes the headers of an event in one order, which differs from version to version. So an order is learnt where it
first comes, as a pattern in which every header's name of the block stands; a block in an order that is not known is
searched. A pattern matches all of a block or is of no use, so what is picked is the same either way.
"""

from collections.abc import Callable, Mapping, Sequence
from re import Match, Pattern, escape
from re import compile as compile_pattern

SHAPES_MAX = 8  # of one event: versions, the channels that it names, optional headers

Matches = Callable[[str], Match[str] | None]


class Picking:
    """Picks from the blocks of each event the values of its headers here. Of one that comes twice the last counts."""

    def __init__(self, headers: Mapping[bytes, Sequence[str]]) -> None:
        self._headers = headers
        self._searches: dict[bytes, Pattern[str]] = {
            event: compile_pattern(f"\r\n({'|'.join(map(escape, names))}): ([^\r]*)")
            for event, names in headers.items()
        }
        self._shapes: dict[bytes, list[tuple[Matches, Sequence[int]]]] = {event: [] for event in headers}

    def pick(self, event: bytes, text: str) -> Sequence[str]:
        """The values, in the order of the event's headers; empty where one does not stand below the first line."""
        for matches, order in self._shapes[event]:
            found = matches(text)
            if found is not None:
                return found.group(*order)
        said = dict(self._searches[event].findall(text))
        values = tuple(said.get(name, "") for name in self._headers[event])
        self._learn(event, text, values)
        return values

    def _learn(self, event: bytes, text: str, values: Sequence[str]) -> None:
        shapes, names = self._shapes[event], self._headers[event]
        lines = text.split("\r\n")[1:]
        if len(shapes) == SHAPES_MAX or not all(": " in line for line in lines):
            return
        pattern = "[^\r]*+"
        groups: dict[str, int] = {}
        wanted = 0
        for name in (line.partition(": ")[0] for line in lines):
            if name in names:
                wanted += 1
                groups[name] = wanted
            pattern += f"\r\n{escape(name)}: " + ("([^\r]*+)" if name in names else "[^\r]*+")
        matches = compile_pattern(pattern + "()").fullmatch  # the last group stands for what is missing
        order = tuple(groups.get(name, wanted + 1) for name in names)
        found = matches(text)
        if found is not None and found.group(*order) == values:
            shapes.append((matches, order))
