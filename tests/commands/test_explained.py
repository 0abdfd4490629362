"""docs/time-bank.md 7: a posting can be explained down to what the PBX said, from what is stored alone.

AMI bytes go in as a daemon hears them; then from a statement's line to its day record, to the segments that this is
made of, to the lines of AMI that opened and closed each.
"""

import asyncio
import json
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.history.resume import take_over_floor
from ccd.history.schema import day_records, segments
from ccd.pbx.blocks import Blocks
from ccd.pbx.evidence import Evidence
from ccd.pbx.evidence_file import REF_NUMBERS, day_path, seal
from ccd.pbx.evidence_index import find
from ccd.pbx.observation import Observation
from ccd.pbx.translate import Scope, Translator
from ccd.settings import read
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from tests.commands.recorded_days import ccd, configured
from tests.history.observing import IMPATIENT, recording
from tests.pbx.said_log import SaidLog
from tests.pbx.spoken import LOGIN, T0, answer, event, pong

DAY = "2099-11-24"  # no clock is there yet
MIDNIGHT = datetime(2099, 11, 24, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
SIGN_IN, PAUSE, UNPAUSE, SIGN_OUT = 28_800, 30_000, 30_600.25, 57_600  # s after midnight


def after(seconds: float) -> float:
    return MIDNIGHT + seconds - T0


SAID = {
    SIGN_IN: event("QueueMemberAdded", after(SIGN_IN), Membership="dynamic", Status=1, Paused=0),
    PAUSE: event("QueueMemberPause", after(PAUSE), Paused=1, PausedReason="toilet"),
    UNPAUSE: event("QueueMemberPause", after(UNPAUSE), Paused=0, PausedReason=""),
    SIGN_OUT: event("QueueMemberRemoved", after(SIGN_OUT), Membership="dynamic", Status=1, Paused=0),
}
SOMEBODY_ELSE = event("QueueMemberAdded", after(29_000), seat="PJSIP/1002", Status=1, Paused=0)
BEGIN = (LOGIN, pong(after(20_000)), answer(), pong(after(20_001)), pong(after(20_002)))
STREAM = b"".join((*BEGIN, *list(SAID.values())[:1], SOMEBODY_ELSE, *list(SAID.values())[1:], pong(after(86_401))))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return configured(tmp_path)


def opened(config: Path) -> AsyncEngine:
    return open_engine(f"sqlite+aiosqlite:///{config.parent / 'state' / 'ccd.sqlite'}")


async def hear(config: Path) -> None:
    """What the daemon does with the bytes of a connection: evidence, floor, history."""
    site, engine, blocks = Site(read(config)), opened(config), Blocks()
    await upgrade(engine)
    evidence = Evidence(
        site.settings.evidence.directory, "pbx", SaidLog(), keep_days=365, clock=lambda: MIDNIGHT + 90_000
    )
    observation = Observation(Translator(Scope()), evidence.keep, settle_us=500_000)
    observation.begin()
    floors = Floors(site, list, lambda: round((MIDNIGHT + 90_000) * 1_000_000))
    async with recording(engine) as recorder:
        floors.resume("pbx", await take_over_floor(engine, "pbx", "here", IMPATIENT))
        for block in blocks.feed(STREAM):
            if told := observation.hear([block]):
                await recorder.put(floors.take("pbx", told))
    await evidence.flush()
    await engine.dispose()


def forge(config: Path, table: str, change: str) -> None:
    """As whoever owns the file can, once the triggers are out of the way."""
    with sqlite3.connect(config.parent / "state" / "ccd.sqlite") as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,))
        for (trigger,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(f"UPDATE {table} SET {change}")
    connection.close()


async def record_of(config: Path, agent: str, day: str, revision: int) -> Row[Any]:
    engine, table = opened(config), day_records.c
    async with engine.connect() as connection:
        asked = select(day_records).where(table.agent == agent, table.revision == revision)
        (record,) = [row for row in await connection.execute(asked) if str(row.day) == day]
    await engine.dispose()
    return record


async def segments_in(config: Path, seat: str, numbers: dict[str, list[int]]) -> list[Row[Any]]:
    engine, table = opened(config), segments.c
    ((pbx, (lowest, highest)),) = numbers.items()
    async with engine.connect() as connection:
        asked = select(segments).where(table.pbx == pbx, table.seat == seat, table.number.between(lowest, highest))
        found = list(await connection.execute(asked.order_by(table.number)))
    await engine.dispose()
    return found


def zcat(file: Path) -> bytes:
    return subprocess.run(["zcat", file], capture_output=True, check=True).stdout


async def test_a_posting_leads_to_its_day_record_its_segments_and_the_lines_of_ami(config: Path) -> None:
    await hear(config)
    settled = await asyncio.to_thread(ccd, config, "settle", "--day", DAY, "--unit", "team-1")
    assert settled.stdout == f"{DAY} team-1: 1 new records; 1 posted\n", settled.stderr
    stated = await asyncio.to_thread(ccd, config, "ledger", "statement", "1001", "--format", "json")
    (line,) = json.loads(stated.stdout)["lines"]
    assert (line["day"], line["amount"], line["facts"]["aux"]) == (DAY, 465, 600)

    record = await record_of(config, "1001", line["day"], line["facts"]["revision"])
    assert line["facts"]["aux"] == record.aux_us // 1_000_000
    assert line["facts"]["base"] == record.signed_in_us / 1_000_000

    found = await segments_in(config, "PJSIP/1001", json.loads(record.sources))
    signed_in = [each for each in found if each.member]
    assert sum(each.end_at - each.start_at for each in signed_in) == record.signed_in_us
    (toilet,) = [each for each in signed_in if each.reason == "toilet"]
    assert toilet.end_at - toilet.start_at == record.aux_us == json.loads(record.reasons)["toilet"]

    folder = config.parent / "state" / "evidence" / "pbx"
    lines = [(find(folder, each.opened_by), find(folder, each.closed_by)) for each in signed_in]
    sign_in, pause, unpause, sign_out = (block.removesuffix(b"\r\n\r\n") for block in SAID.values())
    assert lines == [(sign_in, pause), (pause, unpause), (unpause, sign_out)]
    (day,) = {each.opened_by // REF_NUMBERS for each in signed_in}
    assert f"#{toilet.opened_by % REF_NUMBERS} {len(pause)}\r\n".encode() + pause in zcat(day_path(folder, day))


async def test_ccd_explain_prints_the_whole_chain_from_the_line_to_what_the_switch_said(config: Path) -> None:
    await hear(config)
    await asyncio.to_thread(ccd, config, "settle", "--day", DAY, "--unit", "team-1")
    told = await asyncio.to_thread(ccd, config, "explain", "1.1")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("7 min 45 s (465 s) from savings of house/ccd to savings of 1001, for 2099-11-24")
    assert "What is left of the allowance is saved: 1065 − 600 = 7 min 45 s (465 s)." in told.stdout
    assert "judged by the policy of all units, and by the reasons that hold\n" in told.stdout
    sign_in, pause, unpause, sign_out = (" | ".join(block.decode().split("\r\n")[:-2]) for block in SAID.values())
    signed_in, aux = told.stdout.split("What the figures are made of")
    assert sign_in in signed_in
    assert sign_out in signed_in
    assert "08:20:00–08:30:00.25  10 min: aux\n" in aux
    assert aux.index(pause) < aux.index(unpause)
    assert "worked" not in aux
    whole = await asyncio.to_thread(ccd, config, "explain", "1", "--all", "--format", "json")
    day = json.loads(whole.stdout)["day"]
    assert [(part["is"], [seen["number"] for seen in part["seen"]]) for part in day["parts"]] == [
        ("worked", [1]), ("aux", [3]), ("worked", [4])
    ]  # fmt: skip
    assert (day["revision"], day["newest_revision"], day["doubts"]) == (1, 1, [])
    assert day["parts"][1]["seen"][0]["began"]["text"] == SAID[PAUSE].decode().removesuffix("\r\n\r\n")


async def test_a_record_that_was_changed_behind_its_back_is_told(config: Path) -> None:
    await hear(config)
    await asyncio.to_thread(ccd, config, "settle", "--day", DAY, "--unit", "team-1")
    forge(config, "day_records", "aux_us = 1, exempt_us = exempt_us + aux_us - 1")
    told = await asyncio.to_thread(ccd, config, "explain", "1.1")
    assert "! The record is not what its hash was made of" in told.stdout
    assert "! Measured now, the day comes to something else: `ccd resettle 2099-11` says what." in told.stdout


async def test_a_posting_is_explained_to_its_segments_where_the_evidence_was_purged(config: Path) -> None:
    await hear(config)
    await asyncio.to_thread(ccd, config, "settle", "--day", DAY, "--unit", "team-1")
    record = await record_of(config, "1001", DAY, 1)
    found = await segments_in(config, "PJSIP/1001", json.loads(record.sources))
    folder = config.parent / "state" / "evidence" / "pbx"
    purged = day_path(folder, found[-1].opened_by // REF_NUMBERS)
    digest = seal(purged)
    purged.unlink()
    told = await asyncio.to_thread(ccd, config, "explain", "1.1")
    assert told.stdout.count(f"purged with {purged.name}, whose SHA-256 was {digest}") == 4, told.stderr
    assert "08:20:00–08:30:00.25  PJSIP/1001 on pbx: paused (toilet)" in told.stdout
    assert [find(folder, each.opened_by) for each in found] == [None] * len(found)
    assert sum(each.end_at - each.start_at for each in found if each.member) == record.signed_in_us
