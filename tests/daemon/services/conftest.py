"""A month in which a day was planned, lived and settled (tests.commands.recorded_months), for whoever has no other."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from tests.commands.recorded_months import planned
from tests.daemon.services.test_months import World


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planned(tmp_path_factory.mktemp("month")).parent


@pytest.fixture
def site(recorded: Path, tmp_path: Path) -> Site:
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    return site_of(tmp_path / "ccd.toml")


@pytest.fixture
async def world(site: Site) -> AsyncIterator[World]:
    async with database(site.settings) as engine:
        yield World(engine, site)
