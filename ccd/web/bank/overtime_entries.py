"""Overtime that is entered by hand, and what a second person says of it."""

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.call_out_rows import CallOut
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.errors import OvertimeError
from ccd.ledger.model import SECONDS_MAX
from ccd.org.people import Person
from ccd.org.rights import may_enter_overtime
from ccd.web.bank.desk import ID_CHARACTERS, BankDesk, Day, Name, Services, Why, waits_for
from ccd.web.paging import Paging
from ccd.web.problems import Problem


class EntryAsked(BaseModel):
    """Seconds that an agent worked in the emergency, on a business day of the agent's; without one, on the first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"agent": "1001", "seconds": 3600, "reason": "at the desk of the lead"}]},
    )

    agent: Name
    seconds: Annotated[int, Field(strict=True, ge=0, le=SECONDS_MAX)]
    day: Day | None = None
    reason: Why


class EntrySaid(BaseModel):
    """`counts` once a second person has approved it, where that is needed; what was declined never does. As long as it
    waits, `entered_already` are the seconds that count by now of the agent's day by entries in other emergencies, and
    up to `limit` in all no second person is needed."""

    entry: str
    emergency: str
    agent: str
    day: date
    seconds: int
    by: str
    approved_by: str | None
    declined_by: str | None
    declined_why: str
    counts: bool
    reason: str
    entered_already: int | None = None
    limit: int | None = None


class EntriesSaid(BaseModel):
    entries: list[EntrySaid]
    next: str | None


class ApprovalAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"entry": "9a12b4de0f3c"}]})

    entry: Name


class DeclineAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"entry": "9a12b4de0f3c", "reason": "the desk was closed by then"}]},
    )

    entry: Name
    reason: Why


def add_entry_acts(router: APIRouter, desk: BankDesk) -> None:
    @router.post("/emergencies/{emergency}/entries", status_code=HTTPStatus.CREATED)
    async def enter(emergency: Name, asked: EntryAsked, asking: Asking = desk.acting) -> EntrySaid:
        """Enter time that nobody measured; never one's own. Where all that is entered for the agent's day comes to more
        than a limit, a second person approves it."""
        services = desk.services()
        one, _, _ = await shown(services, emergency)
        began_on = services.today(one.unit, one.start)
        met = next((own.day.day for own in services.days.met(asked.agent, one.start, one.end)), began_on)
        wanted = OvertimeEntry(
            asking.act[:ID_CHARACTERS], emergency, asked.agent, asked.day or met, asked.seconds, False, 0, "",
            asked.reason,
        )  # fmt: skip
        return entry_said(await services.emergencies.enter(wanted, asking))

    @router.get("/overtime-approvals")
    async def unapproved(asked_page: Paging, person: Person = desk.reading) -> EntriesSaid:
        """What others have entered, and who is signed in may approve: until then it does not count. Auditors of all
        units are told all that waits."""

        def is_shown(line: Sequence[str], one: OvertimeEntry) -> bool:
            return waits_for(person, lambda: may_enter_overtime(person, line, (one.agent,), entered_by=one.by))

        found = await desk.services().emergencies.unapproved(is_shown)
        page, more = asked_page.of(found, lambda one: f"{one.at:020}/{one.id}")
        return EntriesSaid(entries=[entry_said(one) for one in page], next=more)

    @router.post("/overtime-approvals")
    async def approve(asked: ApprovalAsked, asking: Asking = desk.acting) -> EntrySaid:
        """Approve what another has entered."""
        return entry_said(await desk.services().emergencies.approve(asked.entry, asking))

    @router.post("/overtime-approvals/declined")
    async def decline(asked: DeclineAsked, asking: Asking = desk.acting) -> EntrySaid:
        """Decline what another has entered, as long as it waits: it never counts then."""
        return entry_said(await desk.services().emergencies.decline(asked.entry, asking, asked.reason))


async def shown(services: Services, name: str) -> tuple[Emergency, list[CallOut], list[OvertimeEntry]]:
    """An emergency with who was called and what was entered; 404 where there is none."""
    try:
        return await services.emergencies.shown(name)
    except OvertimeError:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no emergency {name}.") from None


def entry_said(one: OvertimeEntry) -> EntrySaid:
    return EntrySaid(
        entry=one.id, emergency=one.emergency, agent=one.agent, day=one.day, seconds=one.seconds, by=one.by,
        approved_by=one.approved_by, declined_by=one.declined_by, declined_why=one.declined_why, counts=one.counts,
        reason=one.why, entered_already=one.already_s if one.waits else None, limit=one.limit_s if one.waits else None,
    )  # fmt: skip
