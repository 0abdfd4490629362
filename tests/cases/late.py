"""The words of worked cases for what is known late, or not at all: gaps, other switches, seats, plans that change."""

import re

from ccd.bank.proposals import Proposal
from ccd.daemon.services.budgets import proposals_of
from ccd.errors import ProposalError
from ccd.floor.events import MemberAdded, MemberRemoved
from ccd.org.csv_faults import Written
from ccd.org.schema import leaves, shifts
from tests.bank.askers import asking
from tests.cases.services import World
from tests.cases.story import Line, day_of, spans_of
from tests.cases.world import hand_over, verb
from tests.floor.floors import S, added, heard, lost, member, removed, snapshot
from tests.history.observing import record

__all__ = ["World"]


@verb(r"the switch is not heard (?P<when>[\d:]+-[\d:]+)")
async def is_not_heard(world: World, line: Line, said: re.Match[str]) -> None:
    """Whatever happens meanwhile nobody sees; who is signed in then is so without a pause."""
    ((start, end),) = spans_of(said["when"], line.day, world.zone)
    there = _signed_in(world, end * S)
    world.seen = [event for event in world.seen if not start * S < event.at <= end * S]
    world.seen += [lost(start), snapshot(end, *(member(seat=seat) for seat in sorted(there)))]


def _signed_in(world: World, at: int) -> set[str]:
    turns = [event for event in world.seen if isinstance(event, MemberAdded | MemberRemoved)]
    last = {event.seat: event for event in sorted(turns, key=lambda event: event.at) if event.at <= at}
    there = {seat for seat, event in last.items() if isinstance(event, MemberAdded)}
    later = {event.seat: event for event in sorted(turns, key=lambda event: -event.at) if event.at > at}
    return there | {seat for seat, event in later.items() if seat not in last and isinstance(event, MemberRemoved)}


@verb(r"another switch tells late that (?P<agent>\d+) works (?P<when>[\d:]+-[\d:]+) on (?P<day>.+)")
async def tells_late(world: World, line: Line, said: re.Match[str]) -> None:
    """One of its own each time: it was not heard before, and says nothing more."""
    ((start, end),) = spans_of(said["when"], day_of(said["day"]), world.zone)
    seat = f"PJSIP/{said['agent']}"
    told = (added(start, seat=seat), removed(end, seat=seat), heard(end))
    await record(world.engine, *told, pbx=f"late-{world.clock()}", rules=world.site.seat_rules)
    await world.night()


@verb(r"the seat (?P<seat>\d+) is (?P<agent>\d+)'s of (?P<unit>[\w-]+) from (?P<day>.+)")
async def is_assigned(world: World, line: Line, said: re.Match[str]) -> None:
    more = f"{said['agent']},PJSIP/{said['seat']},,{said['unit']},{day_of(said['day'])},\n"
    before = world.site.roster_said
    await world.go_on_by(Written(before.file, before.text + more), world.site.people_said)


@verb(r"(?P<who>the plan|HR) withdraws what it said of (?P<agent>\d+) on (?P<day>.+)")
async def withdraws(world: World, line: Line, said: re.Match[str]) -> None:
    held, table = (world.plan, shifts) if said["who"] == "the plan" else (world.leave, leaves)
    whose = (said["agent"], day_of(said["day"]))
    gone = [one._replace(withdrawn=True) for one in held.values() if (one.agent, one.day) == whose]
    await hand_over(world, line, table, gone)


# --- what other systems propose ------------------------------------------------------------------------------------


@verb(r"(?P<source>\w+) proposes (?P<seconds>\d+) s for (?P<agent>\d+) of (?P<unit>[\w-]+) for (?P<kind>\w+)")
async def proposes(world: World, line: Line, said: re.Match[str]) -> None:
    asked = Proposal(
        said["source"], line.written, said["unit"], (said["agent"],), int(said["seconds"]), said["kind"], "good",
        world.clock(),
    )  # fmt: skip
    await proposals_of(world.ledger, world.site).propose(asked, asking(said["source"], at=world.clock()))


@verb(r"(?P<by>\w+) (?P<act>confirms|declines) what (?P<source>\w+) proposed")
async def decides(world: World, line: Line, said: re.Match[str]) -> None:
    bank, who = proposals_of(world.ledger, world.site), asking(said["by"], at=world.clock())
    mine = [one for one in await bank.newest(1_000, decided=False) if one.source == said["source"]]
    if not mine:
        raise ProposalError(said["source"], "has proposed nothing")
    if said["act"] == "confirms":
        await bank.confirm(mine[0].id, who)
    else:
        await bank.decline(mine[0].id, who, line.written)
