"""The headers that are looked at, in a quarter of the time of a dict of all.

A PBX writes the headers of an event in one order, which differs from version to version. So an order is learnt where it
first comes, as a pattern in which every header's name of the block stands; a block in an order that is not known is
searched. A pattern matches all of a block or is of no use, so what is picked is the same either way.
"""

from collections.abc import Callable, Iterable
from re import Match, escape
from re import compile as compile_pattern

SHAPES_MAX = 8  # of one event: versions, the channels that it names, optional headers

Matches = Callable[[str], Match[str] | None]


class Picking:
    """Picks the headers of these names. Of a header that comes twice the last value counts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._search = compile_pattern(f"\r\n({'|'.join(map(escape, sorted(self._names)))}): ([^\r]*)").findall
        self._shapes: dict[bytes, list[tuple[tuple[str, ...], Matches]]] = {}

    def pick(self, event: bytes, text: str) -> dict[str, str]:
        """Those of the names that stand below the first line of an `event`'s block."""
        for names, matches in self._shapes.get(event, ()):
            found = matches(text)
            if found is not None:
                return dict(zip(names, found.groups()))  # noqa: B905  # as many as groups; asked with every event
        headers = dict(self._search(text))
        self._learn(event, text, headers)
        return headers

    def _learn(self, event: bytes, text: str, headers: dict[str, str]) -> None:
        shapes = self._shapes.setdefault(event, [])
        lines = text.split("\r\n")[1:]
        if len(shapes) == SHAPES_MAX or not all(": " in line for line in lines):
            return
        named = [line.partition(": ")[0] for line in lines]
        values = {True: ": ([^\r]*+)", False: ": [^\r]*+"}
        pattern = "[^\r]*+" + "".join(f"\r\n{escape(name)}{values[name in self._names]}" for name in named)
        names = tuple(name for name in named if name in self._names)
        matches = compile_pattern(pattern).fullmatch
        found = matches(text)
        if found is not None and dict(zip(names, found.groups(), strict=True)) == headers:
            shapes.append((names, matches))
