"""What an agent sees of their own overtime while it runs."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from ccd.org.rights import own_agent
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

LEVEL_I: dict[str, JsonValue] = {
    "emergency": "storm", "level": "I", "interest_ppm": 300_000, "round_up_s": 0, "starts": 1796036400.0,
    "ends": 1796050800.0, "principal": 3600, "interest": 1080, "measured": True,
}  # fmt: skip

GROWS: dict[str, JsonValue] = {
    "emergency": "storm", "since": 1796040000.0, "until": 1796050800.0, "day_ends": 1796054400.0, "worked": 3600.25,
    "principal": 3600, "interest": 1080,
}  # fmt: skip


class RunningSaid(BaseModel):
    """An emergency that runs, and what it comes to so far, in seconds: up to where the switches were heard. `measured`
    is false in a unit without schedules, where time is entered by hand."""

    emergency: str
    level: str
    interest_ppm: int
    round_up_s: int
    starts: float
    ends: float
    principal: int
    interest: int
    measured: bool


class GrowingSaid(BaseModel):
    """Which of them grows, a second a second, since and until when (epoch seconds), if nothing else happens. Each
    business day's principal is whole seconds, and has its own interest: `principal` and `interest` are what is in the
    emergency's of the day that runs, which ends at `day_ends`, and `worked` is what was measured of it, to the
    microsecond. More than that is in `principal` where time was entered by hand; that grows once `worked` passes it."""

    emergency: str
    since: float
    until: float
    day_ends: float
    worked: float
    principal: int
    interest: int


class OvertimeSaid(BaseModel):
    """`growing` is null while the agent does not work in any of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "running": [LEVEL_I],
                    "growing": GROWS,
                }
            ]
        }
    )

    running: list[RunningSaid]
    growing: GrowingSaid | None


def overtime_api(sessions: Sessions, overtime_of: Callable[[str], Awaitable[OvertimeSaid]]) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/me/overtime")
    async def my_overtime(token: Token = None) -> OvertimeSaid:
        """The emergencies that run now and in which the agent who is signed in takes part."""
        agent = own_agent((await signed_in(sessions, token)).person)
        return await overtime_of(agent)

    return router
