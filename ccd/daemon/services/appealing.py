"""Appeals: lodged by agents, decided by whoever does not lead them; upheld with a ruling, in one transaction."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.bank.appeal_rows import add_appeal, against, appeal_ended_by, appeal_with_ref, appeals, end_appeal
from ccd.bank.appeals import Appeal, AppealState, check_appeal_open, check_lodged_in_time, right_to_decide
from ccd.bank.asking import Asking
from ccd.daemon.services.ruling import About, reach
from ccd.daemon.site import Site
from ccd.errors import AppealError
from ccd.floor.spans import Span
from ccd.history.unit_days import note_stale_of
from ccd.ledger.model import Transfer
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.org.rights import may_appeal
from ccd.org.ruling_rows import add_ruling, rulings
from ccd.org.rulings import Ruling, check_ruling
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, read_in_turn, take_turn

VERBS = {AppealState.WITHDRAWN: "withdraw", AppealState.REJECTED: "reject", AppealState.UPHELD: "uphold"}


class AppealedLine(NamedTuple):
    """Of a statement: the day that it is for, and when it was recorded, µs."""

    day: date
    recorded_at: int


async def lodge_appeal(
    engine: AsyncEngine, site: Site, asking: Asking, agent: str, transfer: Transfer, why: str
) -> Appeal:
    """The same act again changes nothing. AppealError where the line is not the agent's, or it is too late."""
    may_appeal(asking.person, agent)
    _with_reason(agent, why)

    async def work(connection: AsyncConnection) -> Appeal:
        line = await _line_of(connection, agent, transfer)
        unit = site.agent_days.unit(agent, line.day) or ""
        days, terms = site.units.days(unit), site.policies.policy_at(unit, line.day).rulings
        made = Appeal(asking.act, agent, unit, line.day, transfer)
        recorded_on, today = days.at(line.recorded_at).day, days.at(asking.at).day

        def lodged(plain: Connection) -> Appeal:
            wait_for_others(plain, appeals)
            if known := appeal_with_ref(plain, asking.act):
                if known[:5] != made[:5]:
                    found = f"has appealed as {asking.act} against another line: choose another key"
                    raise AppealError(agent, found, "key-taken")
                return known
            for other in against(plain, agent, transfer):
                if other.state is not AppealState.WITHDRAWN:
                    found = f"has appealed against {transfer} before: {other.ref} is {other.state}"
                    raise AppealError(agent, found, "appeal-before")
            check_lodged_in_time(agent, transfer, recorded_on, today, terms.appeal_days)
            asking.noted(plain, "appeal", agent, {"transfer": str(transfer), "day": str(line.day)}, why)
            add_appeal(plain, made)
            return made

        return await connection.run_sync(lodged)

    return await take_turn(engine, work, Patience())


async def withdraw_appeal(engine: AsyncEngine, asking: Asking, ref: str, why: str) -> Appeal:
    appeal = await _known(engine, ref)
    may_appeal(asking.person, appeal.agent)
    return await _end(engine, asking, appeal._replace(state=AppealState.WITHDRAWN), why)


async def reject(engine: AsyncEngine, site: Site, asking: Asking, ref: str, why: str) -> Appeal:
    appeal = await _known(engine, ref)
    return await _end(engine, _by_right(site, asking, appeal), appeal._replace(state=AppealState.REJECTED), why)


async def uphold(
    engine: AsyncEngine, site: Site, asking: Asking, ref: str, within: tuple[datetime, datetime], counts: str, why: str
) -> Appeal:
    """The ruling is about the appellant, and `within` the day of the line, by the clock of the unit that has it by now:
    that day is measured anew by it."""
    appeal = await _known(engine, ref)
    asking, unit = _by_right(site, asking, appeal), site.agent_days.unit(appeal.agent, appeal.day)
    if unit is None:
        found = (
            f"has no place on the roster on {appeal.day} any more: nothing is measured anew, so say that as the reason"
            " to reject the appeal, or put the roster right first"
        )
        raise AppealError(appeal.agent, found, "appeal-no-place", day=str(appeal.day))
    span = Span(*(site.units.instant(unit, moment) for moment in within))
    terms = site.policies.policy_at(unit, appeal.day).rulings
    check_ruling(appeal.agent, span, counts, terms.days_max, asking.at)
    reached = {(own.unit, own.day.day) for _, own in reach(site, About(appeal.agent, None, span))}
    if {day for _, day in reached} != {appeal.day}:
        found = f"has appealed against a line for {appeal.day}: rule on that day alone"
        raise AppealError(appeal.agent, found, "appeal-other-day", day=str(appeal.day))
    ruling = Ruling(0, asking.act, appeal.agent, None, *span, counts, None)
    ended = appeal._replace(state=AppealState.UPHELD, ruling=ruling.ref)
    return await _end(engine, asking, ended, why, ruling, reached)


def _by_right(site: Site, asking: Asking, appeal: Appeal) -> Asking:
    return asking.under(right_to_decide(asking.person, appeal, site.units, site.agent_days, asking.at))


async def _known(engine: AsyncEngine, ref: str) -> Appeal:
    found = await read_in_turn(engine, lambda plain: appeal_with_ref(plain, ref))
    if found is None:
        raise AppealError(ref, "is no appeal: `ccd bank appeal list` names them", "not-found")
    return found


async def _end(
    engine: AsyncEngine,
    asking: Asking,
    ended: Appeal,
    why: str,
    ruling: Ruling | None = None,
    reached: Collection[tuple[str, date]] = (),
) -> Appeal:
    _with_reason(ended.agent, why)

    def decided(plain: Connection) -> Appeal:
        wait_for_others(plain, rulings)
        wait_for_others(plain, appeals)
        now = appeal_with_ref(plain, ended.ref)
        assert now is not None, "it is never deleted"
        if now == ended and appeal_ended_by(plain, ended.ref) == asking.act:
            return now
        check_appeal_open(now)
        said: dict[str, object] = {"appeal": ended.ref, "state": ended.state}
        if ruling is not None:
            said |= {"from": ruling.start, "to": ruling.end, "counts": ruling.counts}
        asking.noted(plain, f"{VERBS[ended.state]} an appeal", ended.agent, said, why)
        if ruling is not None:
            add_ruling(plain, ruling)
        end_appeal(plain, ended, asking.act)
        return ended

    async def work(connection: AsyncConnection) -> Appeal:
        done = await connection.run_sync(decided)
        await note_stale_of(connection, reached)
        return done

    return await take_turn(engine, work, Patience())


async def _line_of(connection: AsyncConnection, agent: str, transfer: Transfer) -> AppealedLine:
    kept = await recorded_as(connection, [transfer.transaction])
    entry = next((entry for entry in kept[0][1] if entry.leg == transfer.leg), None) if kept else None
    if entry is not None:
        names = await accounts_of(connection, [entry])
        if agent_owner(agent) in (names[entry.debit].owner, names[entry.credit].owner):
            return AppealedLine(entry.day, kept[0][0].recorded_at)
    raise AppealError(agent, f"has no line {transfer}: name one as the statement does, 1234.1", "appeal-no-line")


def _with_reason(name: str, why: str) -> None:
    if not why.strip():
        raise AppealError(name, "gives no reason: say in words why", "no-reason")
