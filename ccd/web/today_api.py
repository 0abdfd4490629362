"""What an agent's running day counts so far, where that can't be reckoned from what the board knows."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ccd.org.rights import own_agent
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions


class TodaySaid(BaseModel):
    """In seconds, up to `until` (epoch seconds): base, aux and what nobody saw, of the shift and as it was ruled. In
    the spans of `working` time goes on counting: in the shifts less their breaks, or without schedules all day, as far
    as nothing is ruled of them. `base_max` is the base's cap, where no shift is. Of the agent's own entitlement:
    `rate_ppm` and `minimum_s`, and as `allowance` what the day's aux may reach by it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "until": 1796040000.0,
                    "base": 7200.0,
                    "aux": 300.0,
                    "unobserved": 0.0,
                    "working": [[1796032800.0, 1796047200.0], [1796049000.0, 1796061600.0]],
                    "base_max": None,
                    "rate_ppm": None,
                    "minimum_s": 1800,
                    "allowance": 1800,
                }
            ]
        }
    )

    until: float
    base: float
    aux: float
    unobserved: float
    working: list[tuple[float, float]]
    base_max: int | None = None
    rate_ppm: int | None = None
    minimum_s: int | None = None
    allowance: int | None = None


def today_api(sessions: Sessions, today_of: Callable[[str], Awaitable[TodaySaid | None]]) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/me/today")
    async def my_day(token: Token = None) -> TodaySaid | None:
        """What counts so far of the day of the agent who is signed in; null where the board knows all of it: in a unit
        that keeps no schedules, where nothing is ruled and nothing agreed."""
        agent = own_agent((await signed_in(sessions, token)).person)
        return await today_of(agent)

    return router
