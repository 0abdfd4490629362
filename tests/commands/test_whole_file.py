"""A file that takes its name once everything is in it."""

import os
from pathlib import Path

import pytest

from ccd.commands.whole_file import OF_PEOPLE, TO_BE_SHOWN, written_whole
from ccd.errors import FileError


def interrupted(file: Path) -> None:
    with written_whole(file) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt


def test_half_a_file_is_never_left(tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    file.write_text("of yesterday")
    with pytest.raises(KeyboardInterrupt):
        interrupted(file)
    assert (os.listdir(tmp_path), file.read_text()) == (["ledger.csv"], "of yesterday")
    with written_whole(file) as unfinished:
        unfinished.write_text("all")
        assert file.read_text() == "of yesterday"
    assert (os.listdir(tmp_path), file.read_text()) == (["ledger.csv"], "all")


def test_what_tells_of_people_is_its_user_s_and_the_rest_as_everything_that_they_write(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    for name, mode in (("people", OF_PEOPLE), ("head", TO_BE_SHOWN)):
        with written_whole(tmp_path / name, mode):
            pass
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("people", "head", "theirs")]
    assert modes == [0o600, modes[2], modes[2]]


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(FileError, match=r"x can't be written: No space left on device"),
        written_whole(tmp_path / "x") as unfinished,
    ):
        unfinished.write_text("all")
    assert os.listdir(tmp_path) == []
