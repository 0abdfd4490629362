"""Leave that the personnel office enters, what an agent is entitled to, and shifts and leave as whole files."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.errors import FaultsError, ImportFaultsError
from ccd.floor.days import SECOND
from ccd.org.csv_faults import decoded
from ccd.org.entitlements import DAY_S, PPM, Entitled, Entitlement
from ccd.org.people import Person
from ccd.org.rights import may_enter_leave, may_import, may_read
from ccd.web.bank.desk import NO_NUL, BankDesk, Between, Day, Name, Why, sees
from ccd.web.described import UNDER_A_TAG
from ccd.web.etags import tag_of
from ccd.web.organisation_api import CSV
from ccd.web.paging import Paging
from ccd.web.problems import Problem

FROM_OR_TO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}:[0-9]{2})?)?$"
SCHEDULE = "agent,day,start,end,breaks\n1001,2026-12-01,08:00,16:00,\n"
LEAVE = "agent,kind,from,to\n1001,sick,2026-12-01,2026-12-02\n"
AS_A_FILE: dict[int | str, dict[str, Any]] = {HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Edge = Annotated[str, Field(pattern=FROM_OR_TO, description="A day, or a moment by the unit's clock")]


class LeaveAsked(BaseModel):
    """`kind` is one of the configuration, and never a diagnosis. `to` as a day is the first without leave."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"agent": "1001", "kind": "sick", "from": "2026-12-01", "to": "2026-12-02"}]},
    )

    agent: Name
    kind: Name
    starts: Annotated[Edge, Field(alias="from")]
    ends: Annotated[Edge, Field(alias="to")]
    reason: Why = "as entered"


class LeaveSaid(BaseModel):
    """In epoch seconds; `source` is who told it."""

    leave: str
    source: str
    agent: str
    kind: str
    starts: float
    ends: float


class LeavesSaid(BaseModel):
    leave: list[LeaveSaid]
    next: str | None


class LeaveWithdrawalAsked(BaseModel):
    """Of what was entered here; what a file told is withdrawn by its source."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"leave": "7f3a", "reason": "came to work"}]}
    )

    leave: Name
    reason: Why


class EntitlementAsked(BaseModel):
    """An own rate, in parts per million of the base, or minimum of a day in seconds, or both, from a day until before
    another; neither: from then on to nothing. Of the reason nothing is kept."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"agent": "1001", "from": "2026-12-01", "rate_ppm": 60000}]},
    )

    agent: Name
    starts: Annotated[Day, Field(alias="from")]
    until: Day | None = None
    rate_ppm: Annotated[int | None, Field(strict=True, ge=1, le=PPM)] = None
    minimum_s: Annotated[int | None, Field(strict=True, ge=1, le=DAY_S)] = None


class EntitlementSaid(BaseModel):
    agent: str
    starts: date
    until: date | None
    rate_ppm: int | None
    minimum_s: int | None


class EntitlementsSaid(BaseModel):
    agent: str
    entitlements: list[EntitlementSaid]


class ImportAsked(NamedTuple):
    """A file: what it tells of which days, all there is (None: those that it names), or, `partial`, changes alone."""

    kind: str
    text: str
    source: str
    first: date | None
    last: date | None
    partial: bool
    why: str
    tag: str | None = None  # of what was read of these days; of a system that never reads it none


class TakenOverSaid(BaseModel):
    """What is another now, or would be with `dry_run`, a line each."""

    lines: list[str]
    said: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class LeaveActs:
    """As the daemon does them. FaultsError names every fault."""

    enter: Callable[[Asking, LeaveAsked], Awaitable[LeaveSaid]]
    withdraw: Callable[[Asking, str, str], Awaitable[LeaveSaid | None]]
    between: Callable[[date, date], Awaitable[list[LeaveSaid]]]
    take_over: Callable[[Asking, ImportAsked, bool], Awaitable[TakenOverSaid]]
    told: Callable[[Asking, str, str, date, date], Awaitable[str]]  # the file that says the same of these days
    entitle: Callable[[Asking, str, date, date | None, Entitlement | None, str | None], Awaitable[Entitled]]
    entitled: Callable[[Asking, str], Awaitable[list[Entitled]]]


def leave_api(desk: BankDesk, acts: LeaveActs) -> APIRouter:
    router = desk.router("/api")
    _leave(router, desk, acts)
    _entitlements(router, desk, acts)
    _imports(router, desk, acts)
    return router


def _leave(router: APIRouter, desk: BankDesk, acts: LeaveActs) -> None:
    @router.post("/leave", status_code=HTTPStatus.CREATED)
    async def enter(asked: LeaveAsked, asking: Asking = desk.acting) -> LeaveSaid:
        """Enter one leave; days that are over are measured anew. 422: `errors` has each fault."""
        try:
            return await acts.enter(asking, asked)
        except FaultsError as error:
            raise faults(error) from None

    @router.post("/leave/withdrawals")
    async def withdraw(asked: LeaveWithdrawalAsked, asking: Asking = desk.acting) -> LeaveSaid:
        """Withdraw a leave that was entered here."""
        found = await acts.withdraw(asking, asked.leave, asked.reason)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"No leave {asked.leave} was entered here.")
        return found

    @router.get("/leave")
    async def leave(
        between: Between,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> LeavesSaid:
        """What holds of these days: the own, and what lies in the units of a clerk."""
        services = desk.services()

        def is_shown(one: LeaveSaid) -> bool:
            units = partial(services.days.units_met, one.agent, round(one.starts * SECOND), round(one.ends * SECOND))
            return sees(person, one.agent, lambda: may_enter_leave(person, units(), ()))

        found = [one for one in await acts.between(*between) if is_shown(one)]
        page, more = asked_page.of(found, lambda one: f"{one.starts:020.6f}/{one.agent}/{one.source}/{one.leave}")
        return LeavesSaid(leave=page, next=more)


def _entitlements(router: APIRouter, desk: BankDesk, acts: LeaveActs) -> None:
    @router.post("/entitlements", status_code=HTTPStatus.CREATED, responses=UNDER_A_TAG)
    async def entitle(
        asked: EntitlementAsked,
        if_match: Annotated[str | None, Header(description="The ETag of what was read of the agent")] = None,
        asking: Asking = desk.acting,
    ) -> EntitlementSaid:
        """Entitle an agent to an own rate or minimum, instead of what was said of these days before. 412: somebody else
        said something of the agent since it was read."""
        neither = asked.rate_ppm is None and asked.minimum_s is None
        said = None if neither else Entitlement(asked.rate_ppm, asked.minimum_s)
        return entitled_said(await acts.entitle(asking, asked.agent, asked.starts, asked.until, said, if_match))

    @router.get("/entitlements/{agent}")
    async def entitled(agent: Name, response: Response, asking: Asking = desk.editing) -> EntitlementsSaid:
        """What was said of an agent, for the clerks who say it; the last of it last."""
        said = entitlements_said(agent, await acts.entitled(asking, agent))
        response.headers["ETag"] = tag_of(said)
        return said


def _imports(router: APIRouter, desk: BankDesk, acts: LeaveActs) -> None:
    for kind, example in (("schedule", SCHEDULE), ("leave", LEAVE)):
        _import(router, desk, acts, kind, example)


def _import(router: APIRouter, desk: BankDesk, acts: LeaveActs, kind: str, example: str) -> None:
    @router.get(f"/imports/{kind}", responses=AS_A_FILE, response_class=Response, name=f"read_{kind}")
    async def read(
        source: Annotated[str, Query(min_length=1, max_length=200, pattern=NO_NUL, examples=["planner"])],
        days: Between,
        asking: Asking = desk.editing,
    ) -> Response:
        """What a source told of these days and holds, as a file of which nothing would change: for whoever may take
        one over, and auditors."""
        if kind == "schedule":
            may_read(asking.person, lambda: may_import(asking.person))
        text = await acts.told(asking, kind, source, *days)
        return Response(text.encode(), media_type=CSV, headers={"ETag": tag_of(text)})

    @router.post(f"/imports/{kind}", responses=UNDER_A_TAG, name=f"import_{kind}")
    async def import_(
        text: Annotated[bytes, Body(media_type="text/csv", examples=[example])],
        source: Annotated[str, Query(min_length=1, max_length=200, pattern=NO_NUL, description="Who tells it")],
        why: Annotated[str, Query(max_length=1_000, pattern=NO_NUL)] = "",
        first: Annotated[Day | None, Query(alias="from", description="The first day that it tells all of")] = None,
        last: Annotated[Day | None, Query(alias="to", description="The last")] = None,
        partial: Annotated[bool, Query(description="What it does not name stays as it is")] = False,
        dry_run: Annotated[bool, Query(description="Take nothing over, and say what would change")] = False,
        if_match: Annotated[str | None, Header(description="The ETag of what was read of these days")] = None,
        asking: Asking = desk.acting,
    ) -> TakenOverSaid:
        """Take a file over: all lines, or, with every fault named in `errors`, none. It replaces what the source said
        of these days: under `If-Match` where somebody edits what was read (412: it was changed meanwhile), and without
        where a system tells all there is. Also for a key with the scope `import` (`Authorization: Bearer`): leave of
        its units, and shifts with a key for all units."""
        if kind == "schedule":
            may_import(asking.person)
        if if_match is not None and (first is None or last is None):
            detail = "If-Match goes with from and to: of which days was it read?"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="read-without-days")
        try:
            written = decoded(text, Path(f"{kind}.csv"), ImportFaultsError)
            asked = ImportAsked(
                kind, written, source, first, last, partial, why.strip() or f"as {source} says", if_match
            )
            return await acts.take_over(asking, asked, dry_run)
        except FaultsError as error:
            raise faults(error) from None


def faults(error: FaultsError) -> Problem:
    said = [{"line": one.line, "column": one.key, "problem": one.problem} for one in error.faults]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, str(error), more={"errors": said}, because="file-faults",
        facts={"count": len(said)},
    )  # fmt: skip


def entitlements_said(agent: str, known: Iterable[Entitled]) -> EntitlementsSaid:
    return EntitlementsSaid(agent=agent, entitlements=[entitled_said(one) for one in known])


def entitled_said(one: Entitled) -> EntitlementSaid:
    rate_ppm, minimum_s = one.entitlement or (None, None)
    return EntitlementSaid(agent=one.agent, starts=one.first, until=one.until, rate_ppm=rate_ppm, minimum_s=minimum_s)
