"""A month in which a day was planned, lived and settled (tests.commands.recorded_months), for whoever has no other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from tests.commands.recorded_months import planned
from tests.daemon.services.test_months import World


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(planned(tmp_path))


@pytest.fixture
async def world(site: Site) -> AsyncIterator[World]:
    async with database(site.settings) as engine:
        yield World(engine, site)
