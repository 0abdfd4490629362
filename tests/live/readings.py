"""Agents for the tests: real readings of real clocks, made by seats' views."""

from datetime import time

from ccd.floor.agents import AgentClock, AgentRules, Reading, SeatChange
from ccd.floor.days import SECOND, BusinessDays
from ccd.floor.rules import ReasonRule, Reasons, SeatRules
from ccd.floor.seats import Pause, State, View
from ccd.live.batch import AgentReading, LiveBatch, SourceNow

MEAL_S_DAY = 3_600
AUTO_PAUSE_S = 60
RULES = AgentRules(
    Reasons(
        {
            "meal": ReasonRule(max_day_us=MEAL_S_DAY * SECOND),
            "training": ReasonRule(),
            "Auto-Pause": ReasonRule(max_us=AUTO_PAUSE_S * SECOND),
        }
    ),
    SeatRules(),
    BusinessDays("UTC", time(0)),
)
DAY = 1_795_392_000  # 2026-11-23 00:00 UTC


def view(state: State, reason: str = "") -> View:
    member = state is not State.SIGNED_OUT
    pause = Pause.ALL if state is State.PAUSED else Pause.NONE
    return View("Agent 1001", state, member, pause, reason, 0)


class Agent:
    """One seat's clock: `at` seconds of the day it turns to a state."""

    def __init__(self, agent: str = "1001", unit: str = "team-1") -> None:
        self.agent = agent
        self.unit = unit
        self._day = AgentClock(agent, RULES, several=False)
        self._number = 0

    def turns(self, at_s: float, state: State, reason: str = "") -> "Agent":
        self._number += 1
        at = int((DAY + at_s) * SECOND)
        self._day.change(SeatChange(at, "pbx", self._number, "seat", view(state, reason), True, 0, 0, 0))
        return self

    def reading(self) -> Reading:
        return self._day.read()

    def now(self) -> AgentReading:
        return AgentReading(self.agent, f"Agent {self.agent}", self.unit, self.reading(), 1_065)


def team(count: int, unit: str = "team-1", first: int = 1001) -> list[AgentReading]:
    return [Agent(str(number), unit).turns(10, State.AVAILABLE).now() for number in range(first, first + count)]


def floor(count: int = 3, unit: str = "team-1") -> LiveBatch:
    """Everything there is: a team, and one PBX that is followed."""
    return LiveBatch(
        team(count, unit), sources=(SourceNow("pbx", "live", DAY * SECOND),), watermarks={"pbx": (DAY + 10) * SECOND}
    )
