"""What is kept beside the state of what was applied last: all of it is taken, or nothing of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ccd.errors import ConfigurationError, Fault

UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)  # what to read one raises
WHOSE = "it is the daemon's own: run this as the user that ccd runs as"


@dataclass(frozen=True, slots=True)
class Note:
    """A file, and what it is to say."""

    file: Path
    text: str

    @property
    def new(self) -> Path:
        return self.file.with_suffix(".new")


def prepare(notes: Sequence[Note]) -> None:
    """Beside what is kept, so that a full disk is met before anything is taken; and on the disk, so that after a power
    cut there is no empty one, with which nothing would start. OSError: all is kept as it was."""
    for note in notes:
        note.file.parent.mkdir(parents=True, exist_ok=True)
        with note.new.open("w", encoding="utf-8", newline="") as file:
            file.write(note.text)
            file.flush()
            os.fsync(file.fileno())


def take_notes(notes: Sequence[Note]) -> None:
    """What was prepared is what is kept."""
    for note in notes:
        note.new.replace(note.file)


def keep(*notes: Note) -> None:
    prepare(notes)
    take_notes(notes)


def unreadable(file: Path, error: Exception, what_to_do: str) -> ConfigurationError:
    why = f"{error.strerror}; {WHOSE}" if isinstance(error, OSError) else f"it is damaged; {what_to_do}"
    return ConfigurationError((Fault(file, None, "", f"can't be read: {why}"),))
