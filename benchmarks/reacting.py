"""How the agents of a simulated centre take to a time bank. Pure, and assumed: nobody has measured such people.

Everybody has a habit, the aux ratio of the time before. Once time can be saved, whoever wishes for days off spends
less: the more they wish, and the further the balance is from a day. Whoever was charged spends less than before. What
nobody pays for goes back to the habit. Of what is left to a week's chance a tenth happens in it.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

ALLOWED = 0.037  # what an agent knows of the policy
A_WEEK = 0.10  # of the way to where an agent wants to be
SAVES_MAX = 0.55  # of the habit, by who wishes for nothing but days off
AVOIDS = 0.6  # of what is above the allowance, by who is charged for it
ASKS = 0.5  # of the weeks in which a day off could be paid for, by the same
STAYS, STAYS_FOR_TIME = 0.2, 0.5  # chances that a call-out is accepted: at all, and for what it pays
AWAY = 0.35  # of the days on which somebody signs out for a moment, before it counted


@dataclass(slots=True)
class Habit:
    usual: float  # aux ratio before the bank
    wish: float  # for days off, from 0 to 1
    ratio: float  # now
    away: float = AWAY  # chance a day to sign out in between


class Standing(NamedTuple):
    """What an agent sees of the bank in a week, in seconds."""

    balance: int
    charged: int
    day_s: int  # what a day off costs


def habit(usual: float, chance: Random) -> Habit:
    return Habit(usual, chance.betavariate(2, 2), usual)


def drift(habit: Habit, seen: Standing) -> None:
    """A week goes by with the bank open."""
    distance = 1 - min(1.0, seen.balance / (2 * seen.day_s))  # who has two days off to spare is in no hurry
    wanted = habit.usual * (1 - SAVES_MAX * habit.wish * (0.4 + 0.6 * distance))
    if seen.charged and wanted > ALLOWED:
        wanted -= AVOIDS * (wanted - ALLOWED)
    habit.ratio += A_WEEK * (wanted - habit.ratio)
    habit.away += A_WEEK * (AWAY / 3 - habit.away)


def asks_for_a_day(habit: Habit, seen: Standing, chance: Random) -> bool:
    return seen.balance >= seen.day_s and chance.random() < ASKS * habit.wish


def stays(habit: Habit, seen: Standing, chance: Random) -> bool:
    """Whether somebody who was called out comes, or stays on."""
    for_time = habit.wish if seen.balance < 2 * seen.day_s else 0.0
    return chance.random() < STAYS + STAYS_FOR_TIME * for_time
