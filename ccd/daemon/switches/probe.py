"""A look at the telephone switches as they are now: can they be followed, what is lacking, who is in their queues."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ccd.daemon.site import Site
from ccd.floor.events import Member, Snapshot
from ccd.pbx.capture import Pbx, PbxConfig
from ccd.pbx.headers import OPTIMISED_AWAY, is_optimised_away
from ccd.pbx.incidents import PbxFinding

SPARE_S = 5.0  # beyond the limits of login and snapshot, for what lies between them


@dataclass(frozen=True, slots=True)
class Probe:
    """What one switch answered; `problem` is why it can't be followed, "" where it can."""

    pbx: str
    problem: str
    findings: tuple[PbxFinding, ...] = ()
    members: tuple[Member, ...] = ()
    queues_spoke: bool = False  # a queue event came during the look, with its time


@dataclass(slots=True)
class FirstError:
    """The log of a switch that is only looked at: its first error ends the look."""

    problem: str = ""
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    def info(self, event: str, **facts: object) -> None:
        pass

    def warning(self, event: str, **facts: object) -> None:
        pass  # a finding, which the switch keeps

    def error(self, event: str, **facts: object) -> None:
        self.problem = self.problem or event
        self.failed.set()


async def probe_all(configs: Iterable[PbxConfig]) -> list[Probe]:
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(probe(config)) for config in configs]
    return [task.result() for task in probes]


async def probe(config: PbxConfig) -> Probe:
    """Logs in, takes one snapshot, and goes away again."""
    said = FirstError()
    pbx = Pbx(config, said)
    within_s = config.login_timeout_s + config.snapshot_deadline_s + SPARE_S
    async with asyncio.TaskGroup() as group:
        following = group.create_task(pbx.run())
        seeing = group.create_task(_first_snapshot(pbx))
        failing = group.create_task(said.failed.wait())
        await asyncio.wait({following, seeing, failing}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in (following, seeing, failing):
            task.cancel()
    members = seeing.result().members if seeing.done() and not seeing.cancelled() else ()
    seen = seeing.done() and not seeing.cancelled()
    problem = "" if seen else said.problem or f"PBX {config.account.pbx}: no snapshot within {within_s:g} s"
    return Probe(config.account.pbx, problem, tuple(pbx.findings.values()), members, pbx.hearing.settled)


async def _first_snapshot(pbx: Pbx) -> Snapshot:
    async for batch in pbx.batches():
        for event in batch:
            if isinstance(event, Snapshot):
                return event
    raise AssertionError("a switch's batches end only with their reader")


def warnings_of(probe: Probe, site: Site, now_us: int) -> Iterator[str]:
    """What works, and is probably not meant."""
    yield from (str(finding) for finding in probe.findings)
    for seat in sorted({member.seat for member in probe.members if is_optimised_away(member.seat)}):
        yield f"{seat} {OPTIMISED_AWAY}"
    strangers = sorted(
        {
            member.seat
            for member in probe.members
            if site.roster.owner(probe.pbx, member.seat, member.name, now_us) is None
        }
    )
    if strangers:
        some = ", ".join(strangers[:5]) + (", …" if len(strangers) > 5 else "")
        yield f"{len(strangers)} seats are on no roster, and are recorded but not settled: {some}"
