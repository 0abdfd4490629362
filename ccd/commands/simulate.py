"""`ccd simulate`: a telephone switch with a living floor, to look at ccd without a telephone switch."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from ccd.floor.days import SECOND
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.life import Life
from ccd.pbx.simulator.load import Load
from ccd.pbx.simulator.server import LivingFloor, SimulatedPbx
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import AGENTS_MAX, roster_csv, staff

SPEED_MAX = 1_000.0
FIRST_SIGN_IN = timedelta(hours=8, minutes=24)  # the first of the early shift is there soon after


def simulate(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to speak AMI.")] = "127.0.0.1:5038",
    agents: Annotated[int, typer.Option(min=1, max=AGENTS_MAX, help="How many people work there.")] = 60,
    speed: Annotated[float, typer.Option(min=0.1, max=SPEED_MAX, help="Times real time.")] = 1.0,
    start: Annotated[
        datetime | None,
        typer.Option(
            help="The floor's time at the start; without it, just before the last first shift.", show_default=False
        ),
    ] = None,
    zone: Annotated[str, typer.Option(help="The floor's time zone.")] = "Asia/Shanghai",
    seed: Annotated[int, typer.Option(help="The same seed gives the same days.")] = 1,
    user: Annotated[str, typer.Option(help="The AMI user that may log in.")] = "ccd",
    secret: Annotated[str, typer.Option(help="The user's secret.")] = "ccd",
    skip_nights: Annotated[bool, typer.Option(help="Let the hours in which nobody works pass in seconds.")] = True,
    events_per_s: Annotated[
        float, typer.Option(min=0, help="Instead of a life: this many events in a second of the floor's time.")
    ] = 0.0,
    roster: Annotated[Path | None, typer.Option(help="Write the floor's roster to this CSV file.")] = None,
) -> None:
    """Runs a simulated switch until Ctrl-C."""
    host, port = _address(listen)
    floor_zone = _zone(zone)
    begins = start or shift_before(datetime.now(floor_zone))
    start_us = round(begins.replace(tzinfo=begins.tzinfo or floor_zone).timestamp()) * SECOND
    if roster is not None:
        roster.write_text(roster_csv(staff(agents, seed)), encoding="utf-8")
    floor: LivingFloor
    if events_per_s:
        floor = Load(agents, events_per_s, start_us, seed)
    else:
        floor = Life(staff(agents, seed), begins.date(), floor_zone, seed)
    pbx = SimulatedPbx(floor, VirtualClock(start_us, speed), ManagerUser(user, secret), skip_nights)
    asyncio.run(
        _serve(pbx, host, port, f"{agents} agents, {speed:g} times real time, from {begins:%Y-%m-%d %H:%M} {zone}")
    )


async def _serve(pbx: SimulatedPbx, host: str, port: int, what: str) -> None:
    async with pbx.listening(host, port) as (bound_host, bound_port):
        print(f"AMI on {bound_host}:{bound_port}: {what}", flush=True)
        await pbx.run()


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise typer.BadParameter(f"{text}: expected HOST:PORT, as 127.0.0.1:5038", param_hint="--listen")
    return host.strip("[]"), int(port)


def shift_before(now: datetime) -> datetime:
    """Where the last shift began: a switch whose clock is ahead of everybody's would not be followed."""
    begins = datetime.combine(now.date(), datetime.min.time()) + FIRST_SIGN_IN
    return begins if begins <= now.replace(tzinfo=None) else begins - timedelta(days=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(
            f"{name}: no such time zone; expected one as Asia/Shanghai", param_hint="--zone"
        ) from None
