"""A Monday of which nobody has seen an hour, and a log of it that comes later."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.switches.backfilling import Backfilled, fill_back
from ccd.daemon.switches.seam import log_of
from ccd.floor.events import Found, Lost, PbxEvent
from ccd.org.people import Person, Role
from ccd.pbx.blocks import Blocks
from ccd.pbx.evidence import Evidence
from ccd.pbx.observation import Observation
from ccd.pbx.translate import Scope, Translator
from ccd.settings import Pbx
from tests.daemon.ruled import ANN, BEN, CID, Centre, at, us
from tests.floor.floors import tell
from tests.pbx.said_log import SaidLog
from tests.pbx.spoken import T0, answer, block, event, row

OPERATOR = Person("root", Role.SUPERVISOR, operates=True)
RATE = 37_000


class Switch:
    """What one says over AMI, hours from Monday on, kept as evidence and told as the daemon does it."""

    def __init__(self, folder: Path) -> None:
        self.evidence = Evidence(folder / "evidence", "pbx", SaidLog(), keep_days=9, clock=lambda: at(36))
        self.events: list[PbxEvent] = []
        self._observation = Observation(Translator(Scope()), self.evidence.keep)

    def logs_in(self, hours: float, *rows: bytes) -> None:
        self._observation.begin()
        self._hears(block("Response: Success", at(hours) - T0, Ping="Pong"))
        self.answers(hours, *rows)

    def answers(self, hours: float, *rows: bytes) -> None:
        self._observation.ask()
        self._hears(answer(*rows))
        self.events += self._observation.place(us(hours))

    def pings(self, hours: float) -> None:
        self._hears(block("Response: Success", at(hours) - T0, Ping="Pong"))

    def pauses(self, hours: float, seat: str, reason: str = "", paused: int = 1) -> None:
        self._says("QueueMemberPause", hours, seat, Paused=paused, PausedReason=reason)

    def leaves(self, hours: float, seat: str) -> None:
        self._says("QueueMemberRemoved", hours, seat)

    def is_cut(self) -> None:
        self.events += self._observation.lose()

    def fills(self, place: int, lines: Sequence[str]) -> None:
        """The gap in front of that event, as far as the log told of it when it was read."""
        since = self.events[place - 1].at
        logged = log_of(tell(*self.events[:place]).floor.state, (), Scope(), self.evidence.keep)
        told = list(logged.told_by([each.encode() for each in lines], Path("queue_log")))
        of_gap = [event for event in told if event.at > since]
        self.events[place:place] = [Found(since), *of_gap, Lost(of_gap[-1].at)] if of_gap else []

    def _says(self, name: str, hours: float, seat: str, **headers: Any) -> None:
        self._hears(event(name, at(hours) - T0, seat=seat, **headers))

    def _hears(self, data: bytes) -> None:
        self.events += self._observation.hear(Blocks().feed(data))


def line(hours: float, seat: str, what: str, call: str = "NONE") -> str:
    """Of queue_log."""
    return f"{round(at(hours))}|{call}|support|{seat}|{what}\n"


PBX = Pbx.model_validate({"name": "pbx", "host": "127.0.0.1", "secret": "x"})


LOG = (
    line(7, CID, "ADDMEMBER|"),
    line(9, ANN, "PAUSE|ticket"),
    line(10 + 1 / 6, ANN, "UNPAUSE|"),
    line(10.25, BEN, "ADDMEMBER|"),
    line(10.5, ANN, "PAUSE|toilet"),
    line(10.55, "NONE", "ENTERQUEUE||5|1", "c1"),
    line(10.6, BEN, "CONNECT|1|c9|1", "c1"),
    line(10.65, BEN, "COMPLETECALLER|1|60|1", "c1"),
    line(10 + 2 / 3, ANN, "UNPAUSE|"),
    line(10.75, BEN, "REMOVEMEMBER|"),
    line(12, ANN, "REMOVEMEMBER|"),
)


def set_up(engine: AsyncEngine, folder: Path) -> tuple[Centre, Switch]:
    centre = Centre(engine, folder)
    evidence = centre.site.settings.evidence.model_copy(update={"directory": folder / "evidence"})
    centre.site.settings = centre.site.settings.model_copy(update={"evidence": evidence})
    return centre, Switch(folder)


async def recorded(centre: Centre, switch: Switch) -> None:
    """Measured and settled, too."""
    await switch.evidence.flush()
    await centre.lives(*switch.events)
    await centre.close()


async def lived(
    engine: AsyncEngine, folder: Path, *at_the_end: bytes, filled_by: tuple[str, ...] = ()
) -> tuple[Centre, Switch]:
    """Monday, of which nobody has seen the time from ten to eleven. Ann and Cid are there at either end, unless it is
    said who is, `at_the_end`. The log that was read when the switch was heard again may have told of some of it."""
    centre, switch = set_up(engine, folder)
    switch.logs_in(8, row(ANN), row(CID))
    switch.pauses(9, ANN, "ticket")
    switch.pings(10)
    switch.is_cut()
    before = len(switch.events)
    switch.logs_in(11, *(at_the_end or (row(ANN), row(CID))))
    switch.fills(before, filled_by)
    switch.leaves(12, ANN)
    switch.leaves(12, CID)
    await recorded(centre, switch)
    return centre, switch


async def filled(centre: Centre, folder: Path, *lines: str) -> list[Backfilled]:
    log = folder / "late.gz"
    log.write_bytes(gzip.compress("".join(lines or LOG).encode()))
    return await fill_back(centre.engine, centre.site, PBX, [log], centre.asking(OPERATOR), "told by late.gz")
