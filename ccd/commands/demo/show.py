"""The demo from its start to Ctrl-C: the days behind it are lived through, and then its floor lives on."""

import asyncio
import logging
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import sleep
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from ccd import logs
from ccd.commands.demo.centre import MANAGER, ZONE, configuration
from ccd.commands.demo.past import Past, import_organisation
from ccd.commands.demo.script import live
from ccd.commands.demo.told import plan
from ccd.daemon.run import ALL_PARTS, Daemon, Surroundings, daemon
from ccd.daemon.site import Site
from ccd.daemon.stores import database
from ccd.floor.days import SECOND
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.server import SimulatedPbx
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import AGENTS_MAX, DAYS_OF_WEEK, Colleague, staff
from ccd.settings import read

BEGINS = time(8, 25)  # the first of the early shift sign in soon after
DAYS = 60
AGENT_PASSWORD, MANAGER_PASSWORD = "agent-demo", "lead-demo"
SPEED_MAX = 2_000.0
RESTS_IN_DAYS = 3
REMOVED_TRIES_MAX, REMOVED_AGAIN_S = 20, 0.1


def demo(
    agents: Annotated[int, typer.Option(min=3, max=AGENTS_MAX, help="How many people work there.")] = 60,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the pages are.")] = 8080,
    speed: Annotated[float, typer.Option(min=0.1, max=SPEED_MAX, help="Times real time.")] = 100.0,
    days: Annotated[int, typer.Option(min=0, max=DAYS, help="Days behind it, lived through and settled.")] = DAYS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same floor.")] = 1,
) -> None:
    """Show a simulated floor with its board, agents' pages and settled ledger, until Ctrl-C."""
    logs.configure(level=logging.WARNING)
    try:
        asyncio.run(_demo(agents, port, speed, days, seed))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _remove(folder: Path) -> None:
    """Also where a thread that was opening the database when it was stopped makes the file once more."""
    for _ in range(REMOVED_TRIES_MAX):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        sleep(REMOVED_AGAIN_S)


async def _demo(agents: int, port: int, speed: float, days: int, seed: int) -> None:
    console = Console()
    zone = ZoneInfo(ZONE)
    today = datetime.now(zone).date()
    people = _at_work_today(staff(agents, seed), today)
    first = today - timedelta(days=days)
    begins = round(datetime.combine(today, BEGINS, zone).timestamp()) * SECOND
    clock = VirtualClock(midnight_of(first, zone), speed)
    clock.hold()
    account = ManagerUser("ccd", "demo")
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ccd-demo-"))
        stack.callback(_remove, folder)
        switch = SimulatedPbx(Life(people, today, zone, seed), clock, account, skip_nights=True)
        _, ami_port = await stack.enter_async_context(switch.listening("127.0.0.1", 0))
        config = folder / "ccd.toml"
        config.write_text(configuration(folder, port, ami_port, account), encoding="utf-8")
        settings = read(config)
        async with database(settings) as engine:
            kept = await import_organisation(engine, settings, people, clock.now())
        site = Site(settings, *kept)
        outside = Surroundings(clock=lambda: clock.now() / SECOND)
        made = await stack.enter_async_context(daemon(site, ALL_PARTS, outside))
        past = Past(made, site, people, zone, seed, clock)
        with Progress(console=console, transient=True) as progress:
            every = [first + timedelta(days=number) for number in range(days)]
            for day in progress.track(every, description="living through the days before"):
                await live(past, day, (today - day).days, day == first)
        if not days:
            await plan(past, today)
        clock.skip_to(begins)
        await _let_in(made, people)
        clock.release()
        async with asyncio.TaskGroup() as children:
            living = children.create_task(switch.run())
            _tell(console, made, people, speed, config)
            await made.run()
            living.cancel()
    console.print("stopped; nothing is left behind")


def _at_work_today(people: tuple[Colleague, ...], today: date) -> tuple[Colleague, ...]:
    """The first of them, whose page is looked at, rests on another day of the week than today."""
    first, *others = people
    return replace(first, rests_on=(today.toordinal() + RESTS_IN_DAYS) % DAYS_OF_WEEK), *others


async def _let_in(made: Daemon, people: tuple[Colleague, ...]) -> None:
    await made.accounts.add(Person(MANAGER, Role.SUPERVISOR, units=(ALL_UNITS,)), MANAGER_PASSWORD)
    for person in people[:1]:
        await made.accounts.add(Person(person.agent, Role.AGENT, person.agent), AGENT_PASSWORD)


def _tell(console: Console, made: Daemon, people: tuple[Colleague, ...], speed: float, config: Path) -> None:
    assert made.server is not None
    first = people[0]
    console.print(f"[bold]{made.server.url}/[/]  {len(people)} agents, {speed:g} times real time")
    console.print(f"  supervisor  [bold]{MANAGER}[/] / {MANAGER_PASSWORD}   the board")
    console.print(f"  agent       [bold]{first.agent}[/] / {AGENT_PASSWORD}   {first.phone.name}'s own page")
    console.print(f"  commands    export CCD_CONFIG={config}", soft_wrap=True)
    console.print("  what can be asked stands in README.md, See it;  Ctrl-C stops everything")
