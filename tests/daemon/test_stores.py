"""The site's database and the folder it is in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccd.daemon.stores import database
from ccd.errors import DatabaseRefusedError
from ccd.settings import Settings


@pytest.fixture
def everybody_may_read() -> Iterator[None]:
    """As a login shell has it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {place.name: oct(place.stat().st_mode & 0o777) for place in (folder, *folder.iterdir())}


async def test_what_is_stored_can_be_read_by_its_owner_alone(tmp_path: Path, everybody_may_read: None) -> None:
    folder = tmp_path / "state"
    async with database(Settings(state_directory=folder)):
        found = modes(folder)
    assert found.pop("state") == "0o700"
    assert "ccd.sqlite-wal" in found
    assert set(found.values()) == {"0o600"}


async def test_a_mode_that_somebody_has_given_stays(tmp_path: Path, everybody_may_read: None) -> None:
    folder = tmp_path / "state"
    folder.mkdir(0o750)
    (folder / "ccd.sqlite").touch(0o640)
    async with database(Settings(state_directory=folder)):
        assert modes(folder)["state"] == "0o750"
        assert modes(folder)["ccd.sqlite"] == "0o640"


async def test_a_folder_that_this_user_may_not_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefusedError, match="can't be used: File name too long; see state_directory, and run"):
        async with database(Settings(state_directory=tmp_path / ("x" * 300))):
            pass
