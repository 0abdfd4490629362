"""A real Asterisk, the built pages and a browser for those who test the whole."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch
from tests.browser.conftest import pages as pages  # the fixture
from tests.pbx_real.asterisk import Asterisk


@pytest.fixture
def asterisk(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    """22, or the version that the test names."""
    instance = Asterisk(getattr(request, "param", 22))
    try:
        instance.start()
        yield instance
    finally:
        instance.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = launch(playwright)
        yield made
        made.close()
