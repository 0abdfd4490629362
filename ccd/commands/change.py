"""`ccd change`: what was proposed of policies and of the past's roster, and waits for a second person or did."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ccd.commands.bank.asking import Key, Why, known_by
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.judged_by.deciding import Deciding, what
from ccd.daemon.site import Site
from ccd.daemon.site_file import described, site_of
from ccd.daemon.stores import database
from ccd.org.changes import moment
from ccd.org.proposed import IMPORTED, Change
from ccd.reports.plain_table import PlainTable, clock

T = TypeVar("T")

change = typer.Typer(
    no_args_is_help=True, help="Changes of policies, and of the past's roster, that a second person agrees to."
)

Number = Annotated[int, typer.Argument(min=1, help="The change, as `list` names it.")]


@change.command("list")
def list_(config: Config, output: As = Format.table) -> None:
    """Say what was proposed, with the effect that was shown, by whom, and who agreed."""
    site = site_of(config)
    say_changes(asked(config, site, lambda deciding: deciding.all()), site, output)


@change.command()
def agree(config: Config, number: Number, text: Why, key: Key = None) -> None:
    """Agree to what another person proposed: from then on it holds. A running ccd takes it over within seconds."""
    site = site_of(config)
    done = asked(config, site, lambda deciding: deciding.agree(site, known_by(site, key), number, text))
    print(f"change {done.number} ({what(done)}) is {done.state}")


@change.command()
def withdraw(config: Config, number: Number, text: Why, key: Key = None) -> None:
    """Withdraw what waits for somebody to agree: it never holds."""
    site = site_of(config)
    done = asked(config, site, lambda deciding: deciding.withdraw(known_by(site, key), number, text))
    print(f"change {done.number} ({what(done)}) is {done.state}")


def asked(config: Config, site: Site, ask: Callable[[Deciding], Awaitable[T]]) -> T:
    async def done() -> T:
        async with database(site.settings) as engine:
            return await ask(Deciding(engine, lambda kept: described(config, kept)))

    return asyncio.run(done())


def say_changes(found: list[Change], site: Site, output: Format) -> None:
    zone = site.settings.timezone
    if output is Format.json:
        print(json.dumps({"changes": [_as_json(one, zone) for one in found]}, ensure_ascii=False))
        return
    table = PlainTable("change", "of", "proposed", "by", "why", "effect", "stands", "by")
    for one in found:
        effect = said_effect(json.loads(one.effect))
        who = one.decided_by or ("nobody else" if one.by_itself else "")
        table.add(str(one.number), what(one), clock(one.at, zone), one.by, one.why, effect, one.state, who)
    table.print()


def said_effect(effect: dict[str, object]) -> str:
    """In words, for who proposes and for who agrees."""
    match effect:
        case {"history": "none"}:
            return "no history to try it on"
        case {"holds": "from then on"}:
            return "seats are seen so from then on; what was observed stays as it is"
        case {"takes_out": [*people], **rest}:
            words = f"{', '.join(map(str, people))} would not administer all units any more as until now"
            return f"{words}; {said_effect(rest)}" if rest else words
        case {"measured_days": days, "agents": [*agents], "from": first, "to": last, "seconds": seconds}:
            words = f"{days} days of units from {first} to {last} are measured anew; of {', '.join(map(str, agents))}"
            if isinstance(seconds, dict):
                sums = ", ".join(f"{agent} {by:+} s" for agent, by in seconds.items())
                words += f"; settled anew: {sums or 'nothing moves'}"
            return words
        case {"from": first, "to": last, "agents": count, "better": better, "worse": worse, "now": now, "then": then}:
            assert isinstance(now, dict)
            assert isinstance(then, dict)
            sums = ", ".join(f"{name} {now[name]} -> {then[name]}" for name in now if now[name] != then[name])
            of = f"of {count} agents {better} would have more, {worse} less"
            return f"had it held from {first} to {last}: {of}; {sums or 'nothing moves'}"
    return "none was shown"


def _as_json(one: Change, zone: str) -> dict[str, object]:
    return {
        "change": one.number,
        "kind": one.kind,
        "what": what(one),
        "text": one.text if one.kind in IMPORTED else json.loads(one.text),
        "digest": one.digest,
        "effect": json.loads(one.effect),
        "by": one.by,
        "at": moment(one.at, zone),
        "why": one.why,
        "state": one.state,
        "decided_by": one.decided_by or None,
        "decided_at": None if one.decided_at is None else moment(one.decided_at, zone),
    }
