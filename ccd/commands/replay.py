"""`ccd replay`: captured AMI bytes and queue_log files through the same code as live, day records out."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from ccd.commands.output import As, Format
from ccd.daemon.pbxs import scope_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.errors import CaptureError
from ccd.floor.crew import day_records
from ccd.floor.days import SECOND
from ccd.floor.events import PbxEvent, Snapshot
from ccd.floor.floor import Floor
from ccd.floor.records import DayRecord
from ccd.floor.segments import Segment
from ccd.pbx.blocks import STAMP_S_MAX
from ccd.pbx.captured import Capture
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from ccd.pbx.translate import Scope
from ccd.reports import day_json, day_table
from ccd.settings import Settings, read

HEAD_BYTES = 65_536  # in which AMI shows what it is
AMI_SIGNS = (b"Asterisk Call Manager/", b"Event: ", b"Response: ")
PBX = "replay"  # of captures whose PBX is not known: no roster line of a PBX matches, those for any do


def replay(
    config: Annotated[Path | None, typer.Option(help="Configuration; without it every default holds.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Roster; instead of the configuration's.")] = None,
    ami: Annotated[
        list[Path] | None, typer.Option(help="AMI bytes as captured; several are one PBX's, in any order.")
    ] = None,
    queue_log: Annotated[
        list[Path] | None, typer.Option(help="queue_log, rotated ones too; fills what no AMI file observed.")
    ] = None,
    pbx: Annotated[
        str | None,
        typer.Option(help="Whose captures they are, as roster and configuration name it, if they name more."),
    ] = None,
    until: Annotated[
        float | None, typer.Option(min=0, max=STAMP_S_MAX, help="Epoch at which what is open is closed.")
    ] = None,
    format: As = Format.table,
) -> None:
    """Replay captures of one PBX, and say what each agent's days amount to."""
    if not ami and not queue_log:
        raise CaptureError("nothing to replay")
    site = site_of(config) if config and not roster else Site(read(config) if config else Settings(), roster)
    source = source_of(site, pbx)
    records = replayed(site, ami or [], queue_log or [], None if until is None else round(until * SECOND), source)
    if format is Format.json:
        print(day_json.render(records, site.settings.timezone))
    else:
        day_table.show(records, site.settings.timezone)


def replayed(
    site: Site, ami: list[Path], queue_log: list[Path], until: int | None, source: tuple[str, Scope] = (PBX, Scope())
) -> list[DayRecord]:
    """The day records of the captures, what is open closed at `until` (µs; None: at the last event)."""
    pbx, scope = source
    floor = Floor(site.seat_rules)
    segments: list[tuple[str, Segment]] = []
    last = 0
    for event in _until(_events(site, ami, queue_log, scope), until):
        last = max(last, event.at)
        segments += [(pbx, t.closed) for t in floor.apply(event) if t.closed]
    end = last if until is None else until
    for name, opened in floor.state.open.items():
        segments += [(pbx, t.closed) for t in floor.end_wrap_up_until(floor.seat(name), end) if t.closed]
        segments.append((pbx, floor.state.open[opened.seat]))
    return day_records(segments, site.owner_of, site.roster_borders, site.rules_of, end, site.own_days)


def source_of(site: Site, named: str | None) -> tuple[str, Scope]:
    """The captures' PBX, which they don't name themselves, and which of its queues are ours."""
    scopes = {each.name: scope_of(each) for each in site.settings.pbx}
    if named is None:
        return next(iter(scopes.items())) if len(scopes) == 1 else (PBX, Scope())
    if scopes and named not in scopes:
        raise typer.BadParameter(f"{named} is not configured; configured: {', '.join(scopes)}", param_hint="--pbx")
    return named, scopes.get(named, Scope())


def _events(site: Site, ami: list[Path], queue_log: list[Path], scope: Scope) -> Iterator[PbxEvent]:
    rostered = ((e.member_name, e.interface) for e in site.roster.entries if e.member_name and e.interface)
    try:
        capture = Capture(scope)
        told = list(capture.read(ami))
        log = QueueLog(chain(_seats_told(told), rostered), scope)
        logged = list(log.read(queue_log))
    except OSError as error:
        raise CaptureError(f"{error.filename}: can't be read: {error.strerror}") from None
    _check_used(ami, len(told), capture.dropped or _foreign(ami), "block of AMI")
    for (name, flaw), count in sorted(capture.rejected.items(), key=str):
        print(f"passed over: {count} {name}: {flaw.value}", file=sys.stderr)
    _check_used(queue_log, len(logged), log.unreadable, "line of a queue_log")
    if not any(_head_of(path).strip() for path in (*ami, *queue_log)):  # some are: a log that was just rotated
        raise CaptureError(f"{', '.join(map(str, (*ami, *queue_log)))}: nothing to replay is in it")
    yield from fill(told, logged)


def _check_used(files: list[Path], used: int, damaged: int, what: str) -> None:
    """What could not be used is said; files of which nothing could are not what they were named as."""
    if damaged and not used:
        raise CaptureError(f"{', '.join(map(str, files))}: can't be read: there is no {what} in it")
    if damaged:
        print(f"passed over: {damaged} that are no {what}", file=sys.stderr)


def _foreign(files: list[Path]) -> int:
    """How many hold something, and nothing that AMI begins with: no banner, no answer, no event."""
    heads = [_head_of(path) for path in files]
    return sum(1 for head in heads if head.strip() and not any(sign in head for sign in AMI_SIGNS))


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _seats_told(told: Iterable[PbxEvent]) -> Iterator[tuple[str, str]]:
    """Member names with their interfaces as AMI told them: queue_log names now the one, now the other."""
    for event in told:
        for who in event.members if isinstance(event, Snapshot) else [event]:
            if name := getattr(who, "name", ""):
                yield name, getattr(who, "seat", name)


def _until(events: Iterable[PbxEvent], until: int | None) -> Iterator[PbxEvent]:
    """An event at the very end still counts; a snapshot after it says nothing of the time before."""
    for event in events:
        if until is None or event.at <= until:
            yield event
        elif isinstance(event, Snapshot):
            return
