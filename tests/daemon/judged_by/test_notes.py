"""What was applied last is kept whole, whatever the machine dies of."""

import os
from pathlib import Path

import pytest

from ccd.daemon.judged_by.notes import Note, keep


def test_a_note_is_on_the_disk_before_it_takes_the_place_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "rules.applied.json"
    note.write_text("as it was")
    on_disk: list[tuple[str, str]] = []

    def synced(opened: int) -> None:
        on_disk.append((Path(f"/proc/self/fd/{opened}").read_text(), note.read_text()))

    monkeypatch.setattr(os, "fsync", synced)
    keep(Note(note, "as it is"))
    assert on_disk == [("as it is", "as it was")]
    assert note.read_text() == "as it is"
