"""Reading a configuration: one TOML file in, settings out, or every fault at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ccd.errors import ConfigurationError, Fault
from ccd.settings.consistency import contradictions
from ccd.settings.draft import Draft
from ccd.settings.lines import KeyLines, Keys, dotted
from ccd.settings.saying import setting_problem
from ccd.settings.tree import Settings

TOO_DEEP = "nests deeper than can be read: a key has more parts than any setting"
PASSES_MAX = 10  # each pass takes out what the one before found wrong; two are usual


@dataclass(frozen=True, slots=True)
class ConfigurationRead:
    """What a file says, as far as it can be used: with faults, `settings` is what is left without them, if anything."""

    file: Path
    settings: Settings | None
    faults: tuple[Fault, ...]
    lines: KeyLines | None = None
    draft: Draft | None = None

    def line_of(self, keys: Keys) -> int | None:
        """Where the key stands, or the nearest table around it."""
        return None if self.lines is None else self.lines.line(keys)

    def fault(self, keys: Keys, problem: str) -> Fault:
        """A fault of what stands at `keys` in `settings`: with the line and the numbers that the file has."""
        written = self._as_written(keys)
        return Fault(self.file, self.line_of(written), dotted(written), problem)

    def key_of(self, keys: Keys) -> str:
        """As `[[tables]]` are numbered in the file, for a fault of another file that the key names."""
        return dotted(self._as_written(keys))

    def is_faulty(self, keys: Keys) -> bool:
        """Whether the file says nothing usable there: in `settings` stands a default, or a stand-in."""
        return self.key_of(keys) in {fault.key for fault in self.faults}

    def _as_written(self, keys: Keys) -> Keys:
        return keys if self.draft is None else self.draft.as_written(keys)


def read(file: Path) -> Settings:
    """The settings of `file`; a ConfigurationError that names every fault if there is one."""
    reading = inspect(file)
    if reading.faults or reading.settings is None:
        raise ConfigurationError(reading.faults)
    return reading.settings


def inspect(file: Path) -> ConfigurationRead:
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        return ConfigurationRead(file, None, (Fault(file, None, "", f"can't be read: {error.strerror}"),))
    except UnicodeDecodeError as error:
        return ConfigurationRead(file, None, (Fault(file, None, "", f"is not UTF-8 (byte {error.start})"),))
    except (ValueError, RecursionError) as error:  # of a number, or a nesting, that nobody means, not TOMLDecodeError
        return ConfigurationRead(file, None, (Fault(file, None, "", f"is not TOML: {error}"),))
    lines = KeyLines(text)
    try:
        draft = Draft(data)
        settings, found = _validated(draft)
    except RecursionError:  # tomllib itself reads a dotted key of any length
        return ConfigurationRead(file, None, (Fault(file, None, "", TOO_DEEP),))
    faults = [Fault(file, lines.line(keys), dotted(keys), problem) for keys, problem in found.items()]
    faults.sort(key=lambda fault: fault.line or 0)
    return ConfigurationRead(
        file, settings and _anchored(settings, file.absolute().parent), tuple(faults), lines, draft
    )


def _validated(draft: Draft) -> tuple[Settings | None, dict[Keys, str]]:
    """Validates; takes out what is wrong, has something stand in for what is missing, and validates again, so that no
    fault hides another. Of each key the first fault is said: what follows from its having been taken out, or something
    in it, is none."""
    found: dict[Keys, str] = {}
    for _ in range(PASSES_MAX):
        try:
            settings = Settings(**draft.data)
        except ValidationError as error:
            details = error.errors(include_url=False)
            for detail in details:
                found.setdefault(draft.as_written(detail["loc"]), setting_problem(detail))
            stood_in = {detail["loc"] for detail in details if draft.stand_in(detail["loc"])}
            others = {_part_to_drop(detail) for detail in details if detail["loc"] not in stood_in}
            dropped = [keys for keys in sorted(others, key=_position, reverse=True) if keys and draft.take_out(keys)]
            if not stood_in and not dropped:
                return None, found
        else:
            for keys, problem in contradictions(settings):
                written = draft.as_written(keys)
                if not any(known[: len(written)] == written for known in found):
                    found[written] = problem
            return settings, found
    return None, found


def _part_to_drop(detail: ErrorDetails) -> Keys:
    """Where a key is missing that nothing can stand in for, the table that misses it; otherwise the key itself."""
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
