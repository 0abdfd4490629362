"""`ccd policy publish`, `list`, `agree`, `withdraw`, `readers`: policies as they are published, agreed to and read."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer

from ccd.commands.bank.asking import Key, Why, asked_of_database, known_by
from ccd.commands.business_day import in_range
from ccd.commands.change import agree, asked, said_effect, say_changes, withdraw
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import bar_of, now_us
from ccd.commands.output import As, Format
from ccd.daemon.judged_by.deciding import what
from ccd.daemon.judged_by.effects import Days
from ccd.daemon.judged_by.publishing import publish
from ccd.daemon.judged_by.unpublished import effect_of_version, unpublished
from ccd.daemon.served.policies import policy_desk
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database, ledger_of
from ccd.errors import ChangeError
from ccd.floor.days import SECOND
from ccd.org.proposed import POLICY, RULE
from ccd.org.rights import may_publish
from ccd.reports.plain_table import PlainTable, clock

First = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], callback=in_range, help="The first day to try it on; else 28 of them."
    ),
]
Last = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="The last; else the newest that is settled."),
]


def publish_(
    config: Config,
    text: Why,
    first: First = None,
    last: Last = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Publish nothing, and say what it would do.")] = False,
    key: Key = None,
) -> None:
    """Publish what the configuration says of policies, reasons, queues and the floor, and nothing that was published
    does, with its effect: what accounts would have been, had it held already. It holds once another administrator
    agrees, where there is one."""
    if (first is None) != (last is None) or (first and last and first > last):
        raise typer.BadParameter("--from and --to go together, in their order")
    site = site_of(config)
    span = (first.date(), last.date()) if first and last else None
    asyncio.run(_publish(site, span, text, dry_run, key))


async def _publish(site: Site, span: Days | None, text: str, dry_run: bool, key: str | None) -> None:
    asking = known_by(site, key)
    may_publish(asking.person)
    new = unpublished(site)
    if not new:
        print("nothing was published: all that the configuration says days are judged by is")
        return
    async with database(site.settings) as engine:
        ledger = ledger_of(engine, site.settings, now_us)
        shown = []
        for version in new:
            with bar_of("unit-days") as show:
                effect = await effect_of_version(ledger, site, version, span, now_us, show)
            print(f"{version.name}: {said_effect(effect)}")
            shown.append((version, effect))
        if dry_run:
            print("nothing was published: --dry-run")
            return
        for done in await publish(engine, site, asking, shown, text):
            waits = f"it waits for another administrator of all units: `ccd policy agree {done.number}`"
            holds = "it holds; nobody else agreed, since no second person administers all units"
            print(f"published as change {done.number} ({what(done)}); {holds if done.by_itself else waits}")


def list_published(config: Config, output: As = Format.table) -> None:
    """Say which policies and rules were published, by whom, with which effect, and who agreed; then what does not hold
    yet."""
    site = site_of(config)
    found = asked(config, site, lambda deciding: deciding.all())
    say_changes([one for one in found if one.kind in (POLICY, RULE)], site, output)
    if output is not Format.json:
        for waiting in site.waiting:
            print(waiting)


def readers(
    config: Config,
    number: Annotated[int, typer.Argument(min=1, help="The policy, as `list` numbers it.")],
    output: As = Format.table,
) -> None:
    """Say which agents have read a policy that is, or will be, theirs, and which have not."""
    site = site_of(config)
    person = known_by(site, None).person
    found = asked_of_database(
        site, lambda engine: policy_desk(Current(site, site), engine, now_us).readers(person, number)
    )
    if found is None:
        raise ChangeError(str(number), "is no policy that was agreed to. `ccd policy list` names them")
    if output is Format.json:
        print(json.dumps(found.model_dump(), ensure_ascii=False))
        return
    table = PlainTable("agent", "read at")
    for one in found.read:
        table.add(one.agent, clock(round(one.at * SECOND), site.settings.timezone))
    for agent in found.unread:
        table.add(agent, "not yet")
    table.print()


VERBS = (
    ("publish", publish_), ("list", list_published), ("agree", agree), ("withdraw", withdraw), ("readers", readers),
)  # fmt: skip
