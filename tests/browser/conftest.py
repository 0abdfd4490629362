"""A browser, a server that says what a test wants, and the pages signed in."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find, launch
from tests.browser.fake_server import PASSWORD, FakeServer
from tests.browser.screenshots import WIDE, Login, open_page

HERE = Path(__file__).parents[2]
LEAD = Login("lead1", PASSWORD)
AGENT = Login("1007", PASSWORD)
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def pages() -> Path:
    """The built pages; built now if their sources are newer."""
    done = subprocess.run([sys.executable, "hatch_build.py"], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return HERE / "ccd" / "web" / "pages"


# A module's, not the session's: while it is open no other test of the process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find()
    except RuntimeError as error:
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def server(pages: Path) -> Iterator[FakeServer]:
    server = FakeServer(agents=60, pages=pages)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_as(browser: Browser, server: FakeServer) -> Iterator[OpenPage]:
    """Opens pages and closes them; a page that complained in its console fails the test."""
    opened: list[Page] = []
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def open_one(login: Login, language: str = "zh", theme: str = "light", size: tuple[int, int] = WIDE) -> Page:
        page = open_page(browser, server.url, login, language, theme, size, listen)
        opened.append(page)
        return page

    yield open_one
    for page in opened:
        page.context.close()
    # What the browser says of answers that a test wanted (refusals, a server taken away) is no complaint of the page.
    wanted = ("Failed to load resource", "WebSocket connection")
    assert [said for said in complaints if not said.startswith(wanted)] == []


@pytest.fixture
def board(open_as: OpenPage) -> Page:
    return open_as(LEAD)


@pytest.fixture
def me(open_as: OpenPage, server: FakeServer) -> Page:
    server.change("1007", state="available", reason="", exempt=False, aux=300.0, aux_from=None)
    return open_as(AGENT, size=(400, 900))
