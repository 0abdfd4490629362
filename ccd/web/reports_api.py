"""The indicators of units and agents (docs/time-bank.md 5), as JSON, as CSV and as pictures, for whoever sees the floor
of the units."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from ccd.bank.asking import Asking
from ccd.web.bank.desk import BankDesk, Day, DaysAsked, Name, days_within
from ccd.web.contract import ProblemSaid
from ccd.web.problems import Problem

DAYS_MAX = 400  # a year, and what it takes to tell it in whole weeks
Each = Literal["day", "week", "month", "whole"]
By = Literal["unit", "agent", "queue"]
Show = Literal["indicators", "distribution", "hiding", "service"]
Kind = Literal["json", "csv", "svg", "png"]

MEDIA: dict[Kind, str] = {
    "json": "application/json", "csv": "text/csv; charset=utf-8", "svg": "image/svg+xml", "png": "image/png",
}  # fmt: skip

ROW: dict[str, JsonValue] = {
    "from": "2026-11-01", "to": "2026-11-30", "unit": "team-1", "agent_days": 220, "service_level": 0.91,
    "utilisation": 0.82, "occupancy": 0.74, "aux_ratio": 0.0315,
}  # fmt: skip


class ReportSaid(BaseModel):
    """`formulas` say how each figure is reckoned; of each period and unit, agent or queue there is a row, with
    `against`: the same of the days that it is held against, where there is any. Shares are parts of one; null where
    there is nothing to divide by, and where there is nothing but `against`. Of a distribution `steps` are how many
    agents are in each half of a percent from 0 on, the last of them 15 % and more."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"formulas": {"aux_ratio": "aux / (signed in - exempt - unreachable)"}, "rows": [ROW]}]
        }
    )

    formulas: dict[str, str]
    rows: list[dict[str, Any]]


class ReportAsked(NamedTuple):
    """`show` None is the usual; `unit` None: all that who asks may see; `against`: beside as many days from that on, or
    months."""

    first: date
    last: date
    each: Each
    by: By
    show: Show | None
    unit: str | None
    against: date | None


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """The report as JSON, or, of another kind, as its bytes. NotAllowedError, ReportError."""

    units: Callable[[], Collection[str]]
    told: Callable[[Asking, ReportAsked], Awaitable[dict[str, Any]]]
    written: Callable[[Asking, ReportAsked, Kind], Awaitable[bytes]]


RESPONSES: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        }
    },
    HTTPStatus.NOT_ACCEPTABLE: {"model": ProblemSaid},
}


def reports_api(desk: BankDesk, reports: ReportDesk) -> APIRouter:
    router = desk.router("/api")
    _of(router, desk, reports, None)
    for kind in MEDIA:
        if kind != "json":
            _of(router, desk, reports, kind)
    return router


def _of(router: APIRouter, desk: BankDesk, reports: ReportDesk, kind: Kind | None) -> None:
    """As a kind, or, without one, as who asks accepts it."""
    suffix = f".{kind}" if kind else ""

    @router.get(f"/reports{suffix}", response_model=ReportSaid, responses=RESPONSES, name=f"reports{suffix}")
    async def report(
        request: Request,
        response: Response,
        between: Annotated[DaysAsked, days_within(DAYS_MAX)],
        each: Annotated[Each, Query(description="A row for each of them")] = "whole",
        by: Annotated[By, Query(description="Of units with those below them, of agents, or of queues")] = "unit",
        show: Annotated[Show | None, Query(description="Without it indicators; of queues, service")] = None,
        unit: Annotated[Name | None, Query(description="With those below it; without it, all of one's own")] = None,
        against: Annotated[
            Day | None, Query(description="Held against as many days, from this one on, or months")
        ] = None,
        asking: Asking = desk.editing,
    ) -> ReportSaid | Response:
        """What at most 400 days come to, for whoever sees the floor of the units.
        Without a suffix it is told as `Accept` asks. 406: as none of that."""
        wanted = kind or _accepted(request.headers.get("accept", "*/*"))
        if unit is not None and unit not in reports.units():
            raise Problem(
                HTTPStatus.NOT_FOUND, f"There is no unit {unit}.", because="no-such-unit", facts={"unit": unit}
            )
        asked = ReportAsked(*between, each, by, show, unit, against)
        headers = {"Vary": "Accept"}
        if wanted == "json":
            response.headers.update(headers)
            return ReportSaid.model_validate(await reports.told(asking, asked))
        return Response(await reports.written(asking, asked, wanted), media_type=MEDIA[wanted], headers=headers)


def _accepted(said: str) -> Kind:
    """Of what is accepted most, the first that there is."""
    ranges = []
    for one in said.split(","):
        name, *more = (part.strip().lower() for part in one.split(";"))
        weights = [part.removeprefix("q=") for part in more if part.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            continue
        if weight > 0:
            ranges.append((-weight, name))
    for _, name in sorted(ranges, key=lambda ranked: ranked[0]):
        for kind, media in MEDIA.items():
            if name in ("*/*", media.split(";")[0], f"{media.split('/')[0]}/*"):
                return kind
    raise Problem(
        HTTPStatus.NOT_ACCEPTABLE, f"Accept: a report is told as {', '.join(MEDIA.values())}.", because="other-form"
    )
