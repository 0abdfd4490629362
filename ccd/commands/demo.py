"""`ccd demo`: the whole of it on a simulated floor, with nothing to install and nothing left behind."""

import asyncio
import logging
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from ccd import logs
from ccd.daemon.past import live_through
from ccd.daemon.run import ALL_PARTS, Daemon, Surroundings, daemon
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.floor.events import Heard, PbxEvent, Snapshot
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.days import events_of_day
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.server import SimulatedPbx
from ccd.pbx.simulator.session import Account
from ccd.pbx.simulator.staff import AGENTS_MAX, TEAMS, roster_csv, staff
from ccd.pbx.simulator.staff import Person as Colleague
from ccd.settings import Settings

PBX = "demo"
ZONE = "Asia/Shanghai"
BEGINS = time(8, 25)  # the first of the early shift sign in soon after
WEEKS = 3
SUPERVISOR, AGENT_PASSWORD, SUPERVISOR_PASSWORD = "lead", "agent-demo", "lead-demo"
SPEED_MAX = 2_000.0
CLOCK_AHEAD_S_MAX = 259_200.0  # a night passes in seconds, and the switch is there first
PING_INTERVAL_S = 0.5  # much happens on such a floor between two of them


def demo(
    agents: Annotated[int, typer.Option(min=3, max=AGENTS_MAX, help="How many people work there.")] = 60,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the pages are.")] = 8080,
    speed: Annotated[float, typer.Option(min=0.1, max=SPEED_MAX, help="Times real time.")] = 100.0,
    weeks: Annotated[int, typer.Option(min=0, max=8, help="Weeks of settled days behind it.")] = WEEKS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same floor.")] = 1,
) -> None:
    """Show a simulated floor with its board, agents' pages and settled ledger, until Ctrl-C."""
    logs.configure(level=logging.WARNING)
    try:
        asyncio.run(_demo(agents, port, speed, weeks, seed))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _demo(agents: int, port: int, speed: float, weeks: int, seed: int) -> None:
    console = Console()
    people = staff(agents, seed)
    zone = ZoneInfo(ZONE)
    today = datetime.now(zone).date()
    begins = round(datetime.combine(today, BEGINS, zone).timestamp()) * SECOND
    clock = VirtualClock(begins, speed)
    clock.hold()
    account = Account("ccd", "demo")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccd-demo-")))
        (folder / "roster.csv").write_text(roster_csv(people), encoding="utf-8")
        switch = SimulatedPbx(Life(people, today, zone, seed), clock, account, skip_nights=True)
        _, ami_port = await stack.enter_async_context(switch.listening("127.0.0.1", 0))
        site = Site(_settings(folder, port, ami_port, account))
        outside = Surroundings(clock=lambda: clock.now() / SECOND)
        made = await stack.enter_async_context(daemon(site, ALL_PARTS, outside))
        with Progress(console=console, transient=True) as progress:
            days = [today - timedelta(days=back) for back in range(weeks * 7, 0, -1)]
            for day in progress.track(days, description="living through the weeks before"):
                await live_through(made.engine, site, PBX, _said_on(people, day, zone, seed))
        with console.status("settling them"):
            await made.closer.close_due()
        await _let_in(made, people)
        clock.release()
        async with asyncio.TaskGroup() as children:
            living = children.create_task(switch.run())
            _tell(console, made, people, speed, ami_port)
            await made.run()
            living.cancel()
    console.print("stopped; nothing is left behind")


def _settings(folder: Path, port: int, ami_port: int, account: Account) -> Settings:
    return Settings.model_validate(
        {
            "site": "demo",
            "timezone": ZONE,
            "roster": folder / "roster.csv",
            "state_directory": folder,
            "evidence": {"directory": folder / "evidence"},
            "pbx": [
                {
                    "name": PBX,
                    "host": "127.0.0.1",
                    "port": ami_port,
                    "username": account.username,
                    "secret": account.secret,
                    "ping_interval_s": PING_INTERVAL_S,
                    "clock_ahead_s_max": CLOCK_AHEAD_S_MAX,
                }
            ],
            "queues": {
                kind.name: {"wrap_up_s": kind.wrap_up_s, "unit": team.unit}
                for kind in QUEUES
                for team in TEAMS
                if team.queue == kind.name
            },
            "units": {team.unit: {"name": team.title} for team in TEAMS},
            "http": {"port": port},
        }
    )


def _said_on(people: tuple[Colleague, ...], day: date, zone: ZoneInfo, seed: int) -> Iterable[PbxEvent]:
    """A day of the past, watched from before its first event to its very end."""
    yield Snapshot(midnight_of(day, zone), 0, ())
    yield from events_of_day(people, day, zone, seed)
    yield Heard(midnight_of(day + timedelta(days=1), zone))


async def _let_in(made: Daemon, people: tuple[Colleague, ...]) -> None:
    await made.accounts.add(Person(SUPERVISOR, Role.SUPERVISOR, units=(ALL_UNITS,)), SUPERVISOR_PASSWORD)
    for person in people[:1]:
        await made.accounts.add(Person(person.agent, Role.AGENT, person.agent), AGENT_PASSWORD)


def _tell(console: Console, made: Daemon, people: tuple[Colleague, ...], speed: float, ami_port: int) -> None:
    assert made.server is not None
    first = people[0]
    console.print(f"[bold]{made.server.url}/[/]  {len(people)} agents, {speed:g} times real time")
    console.print(f"  supervisor  [bold]{SUPERVISOR}[/] / {SUPERVISOR_PASSWORD}   the board")
    console.print(f"  agent       [bold]{first.agent}[/] / {AGENT_PASSWORD}   {first.phone.name}'s own page")
    console.print(f"  simulated PBX: AMI on 127.0.0.1:{ami_port};  Ctrl-C stops everything")
