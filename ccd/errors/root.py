"""What every family of errors stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

Told = Mapping[str, object]


class CcdError(Exception):
    """The root: whatever ccd itself raises for a person to read. `args` are kept by Python itself.

    `because` is its type and `facts` are what that tells (ccd/errors/types.py), for who words it in another language;
    without one its sentence has to do.
    """

    exit_code = 1
    because = ""
    facts: Told = MappingProxyType({})


class ProblemError(CcdError):
    """Something that has a name, and what is wrong with it."""

    sentence = "{name} {problem}"

    def __init__(self, name: str, problem: str, because: str = "", **facts: object) -> None:
        self.name, self.problem = name, problem
        self.because, self.facts = because, facts

    def __str__(self) -> str:
        return self.sentence.format(name=self.name, problem=self.problem)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that a person wrote: where it stands, and what is wanted there."""

    file: Path
    line: int | None  # from 1; None where the fault is that something is not there
    key: str  # dotted: `pbx[0].port`; a roster's column
    problem: str  # what was found, and what is allowed

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class FaultsError(CcdError):
    """Every fault of what a person wrote, a line each."""

    exit_code = 2

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class ConfigurationError(FaultsError):
    """The configuration can't be used; nothing was started."""


class RosterError(FaultsError):
    """The roster can't be used; not one line of it was taken."""


class ImportFaultsError(FaultsError):
    """What another system told can't be taken over; not one line of it was."""


class UnknownCountryError(CcdError):
    """A country, or a part of one, of whose holidays nothing is known."""

    exit_code = 2

    def __str__(self) -> str:
        return f"{self.args[0]!r} is no country whose holidays are known; allowed: as CN, DE-BY (ISO 3166)"


class FileError(ProblemError):
    """A file that a person named, and that can't be used, or is not what it was named as."""

    exit_code = 2
