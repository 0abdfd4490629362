"""Reading a configuration: one TOML file in, settings out, or every fault at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ccd.errors import ConfigurationError, Fault
from ccd.settings.consistency import contradictions
from ccd.settings.lines import KeyLines, Keys, dotted, without
from ccd.settings.saying import problem_of
from ccd.settings.tree import Settings

PASSES_MAX = 10  # each pass takes out what the one before found wrong; two are usual


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, as far as it can be used: with faults, `settings` is what is left without them, if anything."""

    file: Path
    settings: Settings | None
    faults: tuple[Fault, ...]
    lines: KeyLines | None = None

    def line_of(self, keys: Keys) -> int | None:
        """Where the key stands, or the nearest table around it."""
        return None if self.lines is None else self.lines.line(keys)


def read(file: Path) -> Settings:
    """The settings of `file`; a ConfigurationError that names every fault if there is one."""
    reading = inspect(file)
    if reading.faults or reading.settings is None:
        raise ConfigurationError(reading.faults)
    return reading.settings


def inspect(file: Path) -> Reading:
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        return Reading(file, None, (Fault(file, None, "", f"can't be read: {error.strerror}"),))
    except UnicodeDecodeError as error:
        return Reading(file, None, (Fault(file, None, "", f"is not UTF-8 (byte {error.start})"),))
    except tomllib.TOMLDecodeError as error:
        return Reading(file, None, (Fault(file, None, "", f"is not TOML: {error}"),))
    lines = KeyLines(text)
    settings, found = _validated(Draft(data))
    faults = [Fault(file, lines.line(keys), dotted(keys), problem) for keys, problem in found.items()]
    faults.sort(key=lambda fault: fault.line or 0)
    return Reading(file, settings and _anchored(settings, file.absolute().parent), tuple(faults), lines)


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


def _validated(draft: Draft) -> tuple[Settings | None, dict[Keys, str]]:
    """Validates; takes out what is wrong and validates again, so that no fault hides another. Of each key the first
    fault is said: what follows from its having been taken out, or something in it, is none."""
    found: dict[Keys, str] = {}
    for _ in range(PASSES_MAX):
        try:
            settings = Settings(**draft.data)
        except ValidationError as error:
            details = error.errors(include_url=False)
            for detail in details:
                found.setdefault(draft.as_written(detail["loc"]), problem_of(detail))
            faulty = sorted({_part_to_drop(detail) for detail in details}, key=_position, reverse=True)
            if not [keys for keys in faulty if keys and draft.take_out(keys)]:
                return None, found
        else:
            for keys, problem in contradictions(settings):
                written = draft.as_written(keys)
                if not any(known[: len(written)] == written for known in found):
                    found[written] = problem
            return settings, found
    return None, found


def _part_to_drop(detail: ErrorDetails) -> Keys:
    """Where a key is missing, the table that misses it; otherwise the key itself."""
    return detail["loc"][:-1] if detail["type"] == "missing" else detail["loc"]


def _position(keys: Keys) -> list[tuple[int, str]]:
    """Sorts keys so that taking out the last first leaves the numbers of the others as they are."""
    return [(key, "") if isinstance(key, int) else (0, key) for key in keys]


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Paths taken from the file's folder; the state's from where systemd says, unless the file says otherwise."""
    given = settings.state_directory
    if "state_directory" not in settings.model_fields_set and (managed := os.environ.get("STATE_DIRECTORY")):
        given = Path(managed)
    evidence = settings.evidence.model_copy(update={"directory": given / settings.evidence.directory})
    settings = settings.model_copy(update={"state_directory": given, "evidence": evidence})
    return settings.model_copy(update=dict(_paths_under(settings, folder)))


def _paths_under(section: BaseModel, folder: Path) -> Iterator[tuple[str, object]]:
    for name, value in section:
        yield name, _under(value, folder)


def _under(value: object, folder: Path) -> object:
    match value:
        case Path():
            return folder / value
        case BaseModel():
            return value.model_copy(update=dict(_paths_under(value, folder)))
        case tuple():
            return tuple(_under(part, folder) for part in value)
        case Mapping():
            return {key: _under(part, folder) for key, part in value.items()}
    return value
