"""What an agent's running day counts so far, where that can't be reckoned from what the board knows."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from ccd.org.rights import own_agent
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions


class TodaySaid(BaseModel):
    """Of the shift, in seconds, up to `until` (epoch seconds): base, aux, and what nobody saw. `working`: the spans of
    the day's shifts, less their breaks, in which time goes on counting."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "until": 1796040000.0,
                    "base": 7200.0,
                    "aux": 300.0,
                    "unobserved": 0.0,
                    "working": [[1796032800.0, 1796047200.0], [1796049000.0, 1796061600.0]],
                }
            ]
        }
    )

    until: float
    base: float
    aux: float
    unobserved: float
    working: list[tuple[float, float]]


def today_api(sessions: Sessions, today_of: Callable[[str], Awaitable[TodaySaid | None]]) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/me/today")
    async def my_day(response: Response, token: Token = None) -> TodaySaid | None:
        """What counts so far of the shift of the agent who is signed in; null in a unit that keeps no schedules."""
        agent = own_agent((await signed_in(sessions, token)).person)
        response.headers["Cache-Control"] = "no-store"
        return await today_of(agent)

    return router
