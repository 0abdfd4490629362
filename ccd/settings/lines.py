"""Which line of a TOML file a key stands on: tomllib says what was written, not where."""

import re
from collections.abc import Mapping

Keys = tuple[str | int, ...]

TOKEN = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|$)""")
HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
ASSIGNMENT = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_.\s-])+?)\s*=""")


def tokens(dotted: str) -> Keys:
    return tuple(next(group for group in match.groups()[:3] if group is not None) for match in TOKEN.finditer(dotted))


class KeyLines:
    """Where each table and key of one file stands; `line(keys)` falls back to the nearest table around it."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Keys, int] = {}
        self._last: dict[Keys, int] = {}  # the index of the newest element of each array of tables
        table: Keys = ()
        for number, content in enumerate(text.splitlines(), start=1):
            if header := HEADER.match(content):
                table = self._opened(tokens(header[2]), is_array=header[1] == "[[")
                self._lines.setdefault(table, number)
            elif assignment := ASSIGNMENT.match(content):
                self._lines.setdefault(table + tokens(assignment[1]), number)

    def _opened(self, names: Keys, *, is_array: bool) -> Keys:
        """The full keys of a table: `[pbx.tls]` after a second `[[pbx]]` is `pbx, 1, tls`."""
        keys: Keys = ()
        for position, name in enumerate(names):
            keys = (*keys, name)
            if is_array and position == len(names) - 1:
                self._last[keys] = self._last.get(keys, -1) + 1
            if keys in self._last:
                keys = (*keys, self._last[keys])
        return keys

    def line(self, keys: Keys) -> int | None:
        for length in range(len(keys), 0, -1):
            if (number := self._lines.get(keys[:length])) is not None:
                return number
        return None


def dotted(keys: Keys) -> str:
    """`("pbx", 0, "port")` as people write it: `pbx[0].port`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{written(key)}" if text else written(key)
    return text


def written(key: str) -> str:
    """As TOML has it: in quotes where nothing would be seen of it, or it would be read as several keys."""
    return f'"{key}"' if not key or re.search(r"[.\s]", key) else key


def with_value(data: Mapping[str, object], keys: Keys, value: object) -> dict[str, object]:
    """A copy of `data` with `value` at `keys`; the tables around it are there."""
    return _with_value(data, keys, value)  # type: ignore[return-value] # a mapping at the top stays one


def _with_value(around: object, keys: Keys, value: object) -> object:
    if not keys:
        return value
    first, rest = keys[0], keys[1:]
    if isinstance(around, list) and isinstance(first, int):
        return [*around[:first], _with_value(around[first], rest, value), *around[first + 1 :]]
    assert isinstance(around, Mapping)
    return {**around, first: _with_value(around.get(first), rest, value)}


def without(data: Mapping[str, object], keys: Keys) -> dict[str, object]:
    """A copy of `data` without what stands at `keys`; `data` itself where nothing does."""
    return _without(data, keys)  # type: ignore[return-value] # a mapping at the top stays one


def _without(value: object, keys: Keys) -> object:
    first, rest = keys[0], keys[1:]
    if isinstance(value, Mapping) and first in value:
        kept = {key: part for key, part in value.items() if key != first}
        return kept | {first: _without(value[first], rest)} if rest else kept
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        changed = [_without(value[first], rest)] if rest else []
        return [*value[:first], *changed, *value[first + 1 :]]
    return value
