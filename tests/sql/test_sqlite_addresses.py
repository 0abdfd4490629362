"""Addresses of SQLite's own, as `sqlite:///file:PATH?uri=true&mode=rw`."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ccd.sql.engine import file_of, open_engine
from ccd.sql.plain import ask
from ccd.sql.turns import Patience, take_turn_at_once


async def test_whatever_an_address_says_the_file_is_opened_by_it_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: Callable[..., sqlite3.Connection] = sqlite3.connect
    asked: list[tuple[object, object, object]] = []

    def noted(name: str, **settings: Any) -> sqlite3.Connection:
        asked.append((name, settings.get("uri"), settings.get("timeout")))
        return own(name, **settings)

    monkeypatch.setattr(sqlite3, "connect", noted)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", noted)
    address = f"file:{tmp_path}/the ledger.sqlite"
    url = make_url(f"sqlite+aiosqlite:///{address}?uri=true&mode=rwc&timeout=3")
    engine = open_engine(url)
    await take_turn_at_once(engine, lambda connection: ask(connection, "SELECT 1"), Patience())
    async with engine.connect():
        assert asked == 3 * [(f"{address}?mode=rwc", True, 3.0)]
    await engine.dispose()
    assert file_of(url) == tmp_path / "the ledger.sqlite"
    assert file_of(url).is_file()
    assert file_of(make_url(f"sqlite:///{tmp_path}/file:x.sqlite")) == tmp_path / "file:x.sqlite"
