"""Which days of a year are worked in a country, for whoever is signed in."""

from collections.abc import Awaitable, Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from ccd.errors import UnknownCountryError
from ccd.web.described import MISSING
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

COUNTRY = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"


class KnownDaySaid(BaseModel):
    day: date
    kind: Literal["workday", "rest_day", "statutory_holiday"]
    name: str


class HolidaysSaid(BaseModel):
    """Days that are not worked, or are although they are of a weekend; `published`: false where the country has yet to
    say which they are that year, and these are the law's alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"country": "CN", "year": 2026, "published": True,
                 "days": [{"day": "2026-10-01", "kind": "statutory_holiday", "name": "国庆节"}]}
            ]
        }
    )  # fmt: skip

    country: str
    year: int
    published: bool
    days: list[KnownDaySaid]


def holidays_api(sessions: Sessions, holidays_of: Callable[[str, int], Awaitable[dict[str, Any]]]) -> APIRouter:
    """`holidays_of` a country and a year; UnknownCountryError."""
    router = APIRouter(prefix="/api/holidays")

    @router.get("/{country}/{year}", responses=MISSING)
    async def holidays(
        country: Annotated[
            str, Path(pattern=COUNTRY, description="As CN, or a part of one, as DE-BY", examples=["CN"])
        ],
        year: Annotated[int, Path(ge=1971, le=2099, examples=[2026])],
        token: Token = None,
    ) -> HolidaysSaid:
        """What was imported (`/api/organisation/holidays`) counts before what the law says."""
        await signed_in(sessions, token)
        try:
            return HolidaysSaid.model_validate(await holidays_of(country, year))
        except UnknownCountryError as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error)) from None

    return router
