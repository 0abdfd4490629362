"""The first load is small: everything that the browser fetches before a page is there, compressed."""

import gzip
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import LEAD, OpenPage

FIRST_LOAD_BYTES_MAX = 150_000
COMPRESSION = 6  # what web servers use by default


def compressed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), COMPRESSION))


def test_all_files_together_are_below_the_first_loads_limit(pages: Path) -> None:
    files = [file for file in pages.rglob("*") if file.is_file() and not file.name.startswith(".")]
    assert {file.suffix for file in files} >= {".html", ".js", ".css"}
    assert sum(compressed(file) for file in files) < FIRST_LOAD_BYTES_MAX


def test_the_pages_fetch_nothing_but_their_own_files(open_as: OpenPage, pages: Path) -> None:
    board = open_as(LEAD)
    fetched: list[str] = []
    board.on("request", lambda request: fetched.append(request.url))
    board.reload()
    expect(board.locator("[data-live=live]")).to_be_visible()
    paths = {re.sub(r"^https?://127\.0\.0\.1:\d+", "", url) for url in fetched}
    assert all(path.startswith(("/board", "/assets/", "/api/", "/icon.svg")) for path in paths), paths


def test_the_pages_hold_no_address_of_others(pages: Path) -> None:
    known = ("http://www.w3.org", "https://svelte.dev")  # names of XML, and of Svelte's own error texts
    for file in pages.rglob("*.*"):
        addresses = re.findall(r"https?://[\w.-]+", file.read_text(errors="ignore"))
        assert [found for found in addresses if not found.startswith(known)] == [], file.name
