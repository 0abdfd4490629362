"""Everything that ccd can say went wrong.

CcdError                    what a command turns into its one line on stderr and its exit code
└── FaultsError             what a person wrote has faults: all of them at once; exit code 2
    ├── ConfigurationError  the configuration, or a file that it names
    └── RosterError         the roster

An exception holds fields; `__str__` makes the sentence that tells a person what is wrong and what to do.
"""

from dataclasses import dataclass
from pathlib import Path


class CcdError(Exception):
    """The root: whatever ccd itself raises for a person to read."""

    exit_code = 1


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
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class ConfigurationError(FaultsError):
    """The configuration can't be used; nothing was started."""


class RosterError(FaultsError):
    """The roster can't be used; not one line of it was taken."""
