"""The reasons and policies that were applied last, kept beside the state: what has held is held against them."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ccd.daemon.judged_by.held import Edit, Held, edits, held_by_settings, held_from, judged_otherwise_since
from ccd.daemon.judged_by.notes import UNREADABLE, Note, keep, unreadable
from ccd.errors import ConfigurationError, Fault
from ccd.settings import ConfigurationRead, Settings
from ccd.settings.lines import Keys, dotted

FILE = "rules.applied.json"
WHAT_TO_DO = (
    "it says what days that are over were judged by. "
    "Restore it; or remove it, and the configuration as it is now is what they were judged by"
)


class AppliedRules:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def changed_since(self, settings: Settings) -> date | None:
        """The first business day that is judged otherwise than it was; None where none is, or nothing was applied
        before. ConfigurationError where what is kept can't be read."""
        before = self._kept()
        return None if before is None else judged_otherwise_since(before, held_by_settings(settings))

    def faults_of(self, reading: ConfigurationRead, settings: Settings, today: date) -> Iterator[Fault]:
        """What a configuration, or the `settings` that hold by it, says of days up to `today` that they were not judged
        by."""
        try:
            before = self._kept()
        except ConfigurationError as error:
            yield from error.faults
            return
        if before is None or reading.settings is None:
            return
        for edit in edits(before, held_by_settings(settings), today):
            keys = (*_where(edit, reading.settings), *_differing_keys(edit)[:1])
            line = reading.line_of(keys)
            if line is None and edit.reason is None:
                keys = ("policy",)  # none in the file says it
            yield Fault(reading.file, line, dotted(keys), edit_problem(edit))

    def keep(self, settings: Settings) -> None:
        """These are applied."""
        keep(self.note(settings))

    def note(self, settings: Settings) -> Note:
        held = held_by_settings(settings)
        kept = {
            kind: {name: [[v.starts.isoformat(), v.judging] for v in versions] for name, versions in by_name.items()}
            for kind, by_name in (("reasons", held.reasons), ("policies", held.policies))
        }
        return Note(self._file, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")

    def _kept(self) -> Held | None:
        try:
            return held_from(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            raise unreadable(self._file, error, WHAT_TO_DO) from None


def _where(edit: Edit, settings: Settings) -> Keys:
    """The table that says it now, or from which something is gone."""
    starts = edit.instead.starts
    if edit.reason is None:
        of_whom = (edit.unit or None, None)
        numbers = [n for n, one in enumerate(settings.policy) if one.unit in of_whom and one.starts == starts]
        return ("policy", *numbers[-1:])
    reason = settings.reasons.get(edit.reason)
    for number, change in enumerate(reason.changes if reason else ()):
        if change.starts == starts:
            return ("reasons", edit.reason, "changes", number)
    return ("reasons", edit.reason)


def edit_problem(edit: Edit) -> str:
    was, now = (
        ", ".join(f"{key} {_spelled(version.judging[key])}" for key in _differing_keys(edit))
        for version in (edit.version, edit.instead)
    )
    again = ", ".join(_written(key, edit.version.judging[key]) for key in _differing_keys(edit))
    new = f"[[reasons.{edit.reason}.changes]]" if edit.reason else "[[policy]]"
    return (
        f"has held with {was}, and now says {now}: what days that are over mean can't be edited, nor changed by the "
        f"default of a newer ccd. Let it say {again} there, and give the change the day from which it holds, in a "
        f"{new} of its own"
    )


def _differing_keys(edit: Edit) -> list[str]:
    return [key for key, value in edit.version.judging.items() if edit.instead.judging.get(key) != value]


def _spelled(value: object) -> str:
    return "none" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _written(key: str, value: object) -> str:
    """As the file says it; JSON's words and lists are TOML's, too."""
    return f"no {key}" if value is None else f"{key} = {json.dumps(value)}"
