"""The words of worked cases for what the bank's services do: whoever takes the world from here can tell of them."""

import re
from datetime import datetime, time, timedelta

from sqlalchemy import select

from ccd.bank.accounts import agent_owner
from ccd.bank.appeal_rows import open_appeals
from ccd.bank.branch import Branch
from ccd.bank.budgets import Budget
from ccd.bank.declared import declare_hours
from ccd.bank.giving import Giver
from ccd.bank.offsetting import Choice
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.bank.packets import Packet
from ccd.bank.quota import Quota
from ccd.bank.withdrawal import OPEN, ApplicationState, PartOfDay
from ccd.bank.withdrawal_rows import set_quota
from ccd.daemon.services.appealing import lodge_appeal, reject, uphold
from ccd.daemon.services.budgets import budgets_of, giver_of
from ccd.daemon.services.entitling import entitle
from ccd.daemon.services.ruling import About, made_between, reverse_ruling, rule
from ccd.floor.spans import Span
from ccd.ledger.model import Transfer
from ccd.ledger.schema import accounts, entries, owners
from ccd.org.entitlements import Entitlement
from ccd.org.rulings import Ruling
from ccd.sql.turns import Patience, read_in_turn, take_turn_at_once
from tests.bank.askers import asking
from tests.cases.story import Line, day_of, spans_of
from tests.cases.world import AGENTS, HOUR_S, SITE, World, verb
from tests.floor.floors import S

__all__ = ["World"]


# --- red packets ---------------------------------------------------------------------------------------------------


@verb(r"(?P<unit>[\w-]+) declares (?P<hours>\d+) h of (?P<month>[\d-]+)")
async def declares(world: World, line: Line, said: re.Match[str]) -> None:
    seconds = int(said["hours"]) * HOUR_S
    await take_turn_at_once(
        world.engine,
        lambda connection: declare_hours(
            connection, said["unit"], said["month"], seconds, world.clock(), "lead", "by hand"
        ),
        Patience(),
    )


WHOM = r"(?P<agents>\d+(?: and \d+)*)"
GIVES = rf"(?P<giver>\w+) of (?P<unit>[\w-]+) gives {WHOM} (?P<seconds>\d+) s(?: each)? for (?P<kind>\w+)"


@verb(GIVES)
async def gives(world: World, line: Line, said: re.Match[str]) -> None:
    giver = Giver(Branch(world.ledger, world.site.units, world.site.policies, world.site.agent_days, SITE))
    agents = tuple(said["agents"].split(" and "))
    packet = Packet(
        line.written, said["unit"], agents, int(said["seconds"]), said["kind"], "well done", world.today(said["unit"])
    )
    await giver.give(packet, asking(said["giver"], at=world.clock()))


def _packet(world: World, line: Line, said: re.Match[str]) -> Packet:
    agents, today = tuple(said["agents"].split(" and ")), world.today(said["unit"])
    return Packet(line.written, said["unit"], agents, int(said["seconds"]), said["kind"], "well done", today)


# --- overtime -----------------------------------------------------------------------------------------------------


@verb(r"(?P<by>\w+) of (?P<unit>[\w-]+) opens (?P<name>\w+), level (?P<level>\w+)")
async def opens(world: World, line: Line, said: re.Match[str]) -> None:
    by, start = asking(said["by"], at=world.clock()), int(line.at.timestamp()) * S
    await world.emergencies.open(said["name"], by, said["unit"], said["level"], start, line.written)


@verb(rf"(?P<by>\w+) calls (?:the strike team|{WHOM}) to (?P<name>\w+)")
async def calls(world: World, line: Line, said: re.Match[str]) -> None:
    by, agents = asking(said["by"], at=world.clock()), said["agents"].split(" and ") if said["agents"] else []
    await world.emergencies.call(said["name"], by, agents, line.written)


@verb(r"(?P<by>\w+) ends (?P<name>\w+)")
async def ends(world: World, line: Line, said: re.Match[str]) -> None:
    await world.emergencies.end(said["name"], asking(said["by"], at=world.clock()), line.written)


@verb(r"(?P<agent>\d+) joins the strike team of (?P<unit>[\w-]+)")
async def joins(world: World, line: Line, said: re.Match[str]) -> None:
    by = asking("lead", at=world.clock())
    await world.emergencies.on_team(said["unit"], said["agent"], True, by)


@verb(r"(?P<by>\w+) enters (?P<seconds>\d+) s of (?P<agent>\d+) in (?P<name>\w+) on (?P<day>.+)")
async def enters(world: World, line: Line, said: re.Match[str]) -> None:
    by = asking(said["by"], at=world.clock())
    entry = OvertimeEntry(
        by.act, said["name"], said["agent"], day_of(said["day"]), int(said["seconds"]), False, 0, "", line.written
    )
    await world.emergencies.enter(entry, by)


@verb(r"(?P<by>\w+) (?P<act>confirms|declines) what was entered of (?P<agent>\d+) in (?P<name>\w+)")
async def decides_entry(world: World, line: Line, said: re.Match[str]) -> None:
    """The newest that waits, or the newest of all."""
    _, _, entered = await world.emergencies.shown(said["name"])
    own = sorted((one for one in entered if one.agent == said["agent"]), key=lambda one: one.at)
    waiting = [one for one in own if one.waits]
    by = asking(said["by"], at=world.clock())
    if said["act"] == "confirms":
        await world.emergencies.approve((waiting or own)[-1].id, by)
    else:
        await world.emergencies.decline((waiting or own)[-1].id, by, line.written)


@verb(r"(?P<by>\w+) of (?P<unit>[\w-]+) hands (?P<holder>\w+) (?P<seconds>\d+) s")
async def hands(world: World, line: Line, said: re.Match[str]) -> None:
    today, seconds = world.today(said["unit"]), int(said["seconds"])
    above = world.site.units.with_above(said["unit"], today)
    budget = Budget(f"{said['holder']}'s", said["unit"], said["holder"], seconds, above, today, "for the month")
    await budgets_of(world.ledger, world.site).hand(budget, asking(said["by"], at=world.clock()))


@verb(rf"(?P<holder>\w+) gives {WHOM} (?P<seconds>\d+) s(?: each)? of the budget of (?P<unit>[\w-]+) for (?P<kind>\w+)")
async def gives_of_budget(world: World, line: Line, said: re.Match[str]) -> None:
    agents = tuple(said["agents"].split(" and "))
    packet = Packet(
        line.written, said["unit"], agents, int(said["seconds"]), said["kind"], "well done", world.today(said["unit"])
    )
    who = asking(said["holder"], at=world.clock())
    await giver_of(world.ledger, world.site).give(packet, who, f"{said['holder']}'s")


@verb(r"(?P<by>\w+) recalls the budget of (?P<holder>\w+)")
async def recalls(world: World, line: Line, said: re.Match[str]) -> None:
    bank, who = budgets_of(world.ledger, world.site), asking(said["by"], at=world.clock())
    await bank.recall(f"{said['holder']}'s", who, "as the case says", world.ledger.month_of(line.day))


# --- days off ------------------------------------------------------------------------------------------------------


@verb(r"(?P<unit>[\w-]+) lets (?P<agents>\d+) off(?: for (?P<hours>\d+) h)? on (?P<day>.+)")
async def lets_off(world: World, line: Line, said: re.Match[str]) -> None:
    seconds = int(said["hours"]) * HOUR_S if said["hours"] else None
    quota = Quota(said["unit"], day_of(said["day"]), line.day, int(said["agents"]), seconds)
    await take_turn_at_once(
        world.engine, lambda connection: set_quota(connection, quota, world.clock(), "lead"), Patience()
    )


@verb(r"(?P<agent>\d+) applies for (?:(?P<seconds>\d+) s of )?(?P<day>\d+ \w+)")
async def applies(world: World, line: Line, said: re.Match[str]) -> None:
    agent, day = said["agent"], day_of(said["day"])
    seconds = int(said["seconds"]) if said["seconds"] else None
    await world.days_off.apply(f"{agent}/{day}/{world.clock()}", agent, day, seconds, world.said(agent))


@verb(r"(?P<agent>\d+) applies for (?P<when>[\d:]+-[\d:]+) of (?P<day>\d+ \w+)")
async def applies_for_a_part(world: World, line: Line, said: re.Match[str]) -> None:
    agent, day = said["agent"], day_of(said["day"])
    ((start, end),) = spans_of(said["when"], day, world.zone)
    part = PartOfDay(start=start * S, end=end * S)
    await world.days_off.apply(f"{agent}/{day}/{world.clock()}", agent, day, part, world.said(agent))


@verb(r"(?P<agent>\d+) applies for (?P<first>\d+ \w+) to (?P<last>\d+ \w+)")
async def applies_for_several(world: World, line: Line, said: re.Match[str]) -> None:
    agent, first, last = said["agent"], day_of(said["first"]), day_of(said["last"])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    await world.days_off.apply_for_run(f"{agent}/{first}/{world.clock()}", agent, days, world.said(agent))


@verb(r"(?:(?P<by>\w+) )?(?P<act>approves|refuses|takes back|cancels)(?: (?P<agent>\d+)'s)? (?P<day>\d+ \w+)")
async def decides(world: World, line: Line, said: re.Match[str]) -> None:
    agent, day = said["agent"] or said["by"], day_of(said["day"])
    (one,) = [each for each in await world.days_off.calendar(day, day) if each.agent == agent and each.state in OPEN]
    states = {
        "refuses": ApplicationState.REFUSED,
        "takes back": ApplicationState.WITHDRAWN,
        "cancels": ApplicationState.CANCELLED,
    }
    if said["act"] == "approves":
        await world.days_off.approve(one.id, world.said(said["by"]))
    else:
        await world.days_off.end(one.id, states[said["act"]], world.said(said["by"], "as the case says"))


# --- what people rule ----------------------------------------------------------------------------------------------


@verb(r"(?P<by>\w+) rules (?P<whom>[\w-]+) (?P<counts>\w+) (?P<when>[\d:]+-[\d:]+) on (?P<day>.+)")
async def rules(world: World, line: Line, said: re.Match[str]) -> None:
    ((start, end),) = spans_of(said["when"], day_of(said["day"]), world.zone)
    agent = said["whom"] if said["whom"] in AGENTS else None
    about = About(agent, None if agent else said["whom"], Span(start * S, end * S))
    await rule(world.engine, world.site, asking(said["by"], at=world.clock()), about, said["counts"], line.written)
    await world.night()


@verb(r"(?P<by>\w+) reverses the ruling on (?P<whom>[\w-]+)")
async def reverses(world: World, line: Line, said: re.Match[str]) -> None:
    """The newest that nobody has reversed, or the newest of all."""
    own = [one for one in await every_ruling(world) if said["whom"] in (one.agent, one.unit)]
    gone = {one.reverses for one in own} | {one.ref for one in own if one.reverses}
    last = ([one for one in own if one.ref not in gone] or own)[-1]
    await reverse_ruling(world.engine, world.site, asking(said["by"], at=world.clock()), last.ref, line.written)
    await world.night()


async def every_ruling(world: World) -> list[Ruling]:
    return await made_between(world.engine, Span(0, world.clock()))


@verb(r"(?P<agent>\d+) appeals against (?P<day>.+)")
async def appeals_(world: World, line: Line, said: re.Match[str]) -> None:
    """Against the newest line of leave of that day."""
    own = select(accounts.c.id).join(owners).where(owners.c.name == agent_owner(said["agent"]))
    mine = entries.c.debit.in_(own) | entries.c.credit.in_(own)
    of_day = (entries.c.day == day_of(said["day"]), entries.c.service == "leave")
    lines = select(entries.c.transaction_id, entries.c.leg).where(mine, *of_day)
    async with world.engine.connect() as connection:
        found = (await connection.execute(lines.order_by(entries.c.transaction_id, entries.c.leg))).all()
    who = asking(said["agent"], at=world.clock())
    await lodge_appeal(world.engine, world.site, who, said["agent"], Transfer(*found[-1]), line.written)


OF = r"the appeal of (?P<agent>\d+) against (?P<day>\d+ \w+)"


@verb(rf"(?P<by>\w+) (?:rejects {OF}|upholds (?P<upheld>.+))")
async def decides_appeal(world: World, line: Line, said: re.Match[str]) -> None:
    told = re.fullmatch(rf"{OF} as (?P<counts>\w+) (?P<when>[\d:]+-[\d:]+)", said["upheld"]) if said["upheld"] else said
    assert told is not None, line.written
    day, who = day_of(told["day"]), asking(said["by"], at=world.clock())
    ref = (await read_in_turn(world.engine, lambda plain: open_appeals(plain, day, day, [told["agent"]])))[0].ref
    if told is said:
        await reject(world.engine, world.site, who, ref, line.written)
        return
    first, last = (datetime.combine(day, time.fromisoformat(each)) for each in told["when"].split("-"))
    await uphold(world.engine, world.site, who, ref, (first, last), told["counts"], line.written)
    await world.night()


@verb(
    r"HR entitles (?P<agent>\d+) to (?:(?P<ppm>\d+) ppm|(?P<seconds>\d+) s|nothing)"
    r" from (?P<first>\d+ \w+)(?: to (?P<until>\d+ \w+))?"
)
async def entitles(world: World, line: Line, said: re.Match[str]) -> None:
    own = Entitlement(*(int(said[name]) if said[name] else None for name in ("ppm", "seconds")))
    until = day_of(said["until"]) if said["until"] else None
    entitlement = own if any(own) else None
    who = asking("hr", at=world.clock())
    await entitle(world.engine, world.site, who, said["agent"], day_of(said["first"]), until, entitlement)
    await world.night()


# --- leave offset -------------------------------------------------------------------------------------------------


@verb(r"(?P<agent>\d+) offsets (?:(?P<seconds>\d+) s of )?(?P<item>all|[\d-]+/\w+) of (?P<month>[\d-]+)")
async def offsets(world: World, line: Line, said: re.Match[str]) -> None:
    who = asking(said["agent"], agent=said["agent"], at=world.clock())
    item = None if said["item"] == "all" else said["item"]
    choice = Choice(item, int(said["seconds"]) if said["seconds"] else None)
    await world.months.loans.choose(who, said["agent"], said["month"], choice)


@verb(r"(?P<agent>\d+) takes back what was offset of (?P<item>all|[\d-]+/\w+) of (?P<month>[\d-]+)")
async def takes_back(world: World, line: Line, said: re.Match[str]) -> None:
    who = asking(said["agent"], agent=said["agent"], at=world.clock())
    item = None if said["item"] == "all" else said["item"]
    await world.months.loans.take_back(who, said["agent"], said["month"], item)


@verb(r"(?P<agent>\d+) keeps the balance of (?P<month>[\d-]+)")
async def keeps(world: World, line: Line, said: re.Match[str]) -> None:
    who = asking(said["agent"], agent=said["agent"], at=world.clock())
    await world.months.loans.keep(who, said["agent"], said["month"])
