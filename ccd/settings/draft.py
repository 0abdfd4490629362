"""A configuration that is being looked at: without what is wrong in it, and with stand-ins for what is missing."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ccd.settings.lines import Keys, with_value, without

# In place of what has to be given, or is held against another key, and is missing or faulty: so that the table around
# it is looked at, too, and nothing is said that follows from a default. With the number of the table, for each needs a
# name of its own.
STAND_INS: Mapping[Keys, str] = MappingProxyType(
    {
        ("pbx", "name"): "without-a-name-{}",
        ("pbx", "host"): "without-a-host-{}",
        ("pbx", "secret"): "without-a-secret-{}",
        ("pbx", "secret_file"): "",
        ("pbx", "reconnect_delay_s_min"): "0.001",
        ("http", "tls", "certificate"): "",
        ("http", "tls", "key"): "",
    }
)


class Draft:
    """A file's data, from which faulty parts are taken out; it remembers the numbers that `[[tables]]` had at first.

    Of tables inside tables, too (`[[reasons.meal.changes]]`); no array of tables stands inside another.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._numbers = dict(_numbered(data))

    def as_written(self, keys: Keys) -> Keys:
        place = next((position for position, key in enumerate(keys) if isinstance(key, int)), 0)
        numbers, number = self._numbers.get(keys[:place], []), keys[place]
        if isinstance(number, int) and number < len(numbers):
            return (*keys[:place], numbers[number], *keys[place + 1 :])
        return keys

    def stand_in(self, keys: Keys) -> bool:
        """Gives what is missing or faulty at `keys`; says whether anything can stand in for it."""
        value = STAND_INS.get(tuple(key for key in keys if isinstance(key, str)))
        if value is None:
            return False
        self.data = with_value(self.data, keys, value.format(*(key for key in keys if isinstance(key, int))))
        return True

    def take_out(self, keys: Keys) -> bool:
        """Says whether anything stood there."""
        smaller = without(self.data, keys)
        if smaller == self.data:
            return False
        if keys[:-1] in self._numbers and isinstance(keys[-1], int):
            del self._numbers[keys[:-1]][keys[-1]]
        self.data = smaller
        return True


def _numbered(table: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, list[int]]]:
    for name, value in table.items():
        if isinstance(value, list):
            yield (*above, name), list(range(len(value)))
        elif isinstance(value, Mapping):
            yield from _numbered(value, (*above, name))
