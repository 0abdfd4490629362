"""`ccd webhook`: the systems that are told by themselves what attendance is handed, and how far each has come."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.outbox import HookStand, go_on, stands, waiting
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_by
from ccd.commands.ledger.posting import Text
from ccd.commands.output import As, Format
from ccd.daemon.site_file import staff_of
from ccd.daemon.stores import database
from ccd.errors import FileError, WebhookError
from ccd.history.reading import reading
from ccd.org.acts import Act, is_noted, note_act
from ccd.org.rights import may_administer
from ccd.reports.plain_table import PlainTable, clock
from ccd.settings import Settings, read
from ccd.settings.secrets import new_webhook_secret
from ccd.sql.turns import Patience, take_turn_at_once

SECRET_MODE = 0o600
NEW = HookStand("", 0, 0, None, 0, "", "")

webhook = typer.Typer(no_args_is_help=True, help="Systems that are told by themselves what attendance is handed.")

Name = Annotated[str, typer.Argument(help="As the configuration names it.")]


@webhook.command("list")
def list_webhooks(config: Config, output: As = Format.table) -> None:
    """Say how far each has come, and what became of the last try."""
    settings = read(config)
    found = asyncio.run(_stands(settings))
    if output is Format.json:
        said = [one._asdict() | {"waiting": left} for one, left in found]
        print(json.dumps({"webhooks": said}, ensure_ascii=False))
        return
    table = PlainTable("webhook", "taken", "wait", "tries", "again at", "how it is")
    for one, left in found:
        at = clock(one.next_at, settings.timezone) if one.tries and not one.stopped else ""
        how = f"stopped: {one.stopped}; {one.error}" if one.stopped else one.error
        table.add(one.name, str(one.taken), str(left), str(one.tries or ""), at, how)
    table.print()


@webhook.command()
def retry(
    config: Config,
    name: Name,
    text: Text,
    number: Annotated[
        int | None, typer.Option("--from", min=1, help="The number of the first item that is told again.")
    ] = None,
) -> None:
    """Try a webhook again at once, from where it stands, also where it is told nothing any more."""
    settings = read(config)
    if name not in {hook.name for hook in settings.webhook}:
        raise WebhookError(name, "is not configured: it needs a [[webhook]]")
    asks = asked_by(staff_of(config))
    may_administer(asks.person, "have a webhook told again")
    taken = asyncio.run(_go_on(settings, asks, name, number, text))
    if taken is None:
        raise WebhookError(name, "has been told nothing yet: it begins once the daemon runs with it")
    print(f"{name} goes on behind item {taken}")


@webhook.command()
def secret(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that is not there yet.")],
) -> None:
    """Make a secret in a file that its owner alone may read; the receiver needs it, too."""
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    except FileExistsError:
        raise FileError(str(file), "is there already; nothing was written") from None
    except OSError as error:
        raise FileError(str(file), f"can't be written: {error.strerror or error}") from None
    with os.fdopen(made, "w") as opened:
        opened.write(f"{new_webhook_secret()}\n")
    print(f"{file}: a secret was made; give what is in it to the receiver")


async def _stands(settings: Settings) -> list[tuple[HookStand, int]]:
    """Of those that are configured, and how many items wait for each."""
    async with database(settings) as engine, reading(engine) as connection:
        known = {one.name: one for one in await stands(connection)}
        found = []
        for hook in settings.webhook:
            begun = known.get(hook.name)
            left = await waiting(connection, begun.taken, hook.kinds) if begun else 0
            found.append((begun or NEW._replace(name=hook.name), left))
        return found


async def _go_on(settings: Settings, asks: Asking, name: str, number: int | None, why: str) -> int | None:
    after = "" if number is None else f"from item {number} on"
    act = Act(asks.act, asks.at, asks.by, asks.address, "webhook retry", name, "", after, why)

    def work(connection: Connection) -> int | None:
        taken = go_on(connection, name, number)
        if taken is not None and not is_noted(connection, act.id):
            note_act(connection, act)
        return taken

    async with database(settings) as engine:
        return await take_turn_at_once(engine, work, Patience())
