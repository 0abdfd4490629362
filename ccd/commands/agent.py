"""`ccd agent`: have an agent paused, unpaused or signed out at the telephone switch, by who leads them."""

from typing import Annotated

import typer

from ccd.commands.bank.asking import Key, Why, asked_of_database, known_by
from ccd.commands.configuration import Config
from ccd.daemon.services.ordering import order
from ccd.daemon.site_file import site_of
from ccd.errors import NotDoneError
from ccd.org.orders import OrderKind, OrderOutcome

agent = typer.Typer(no_args_is_help=True, help="Have an agent paused, unpaused or signed out at the telephone switch.")

Name = Annotated[str, typer.Argument(metavar="AGENT", help="The agent, as the roster has it.")]


@agent.command()
def pause(config: Config, name: Name, text: Why, key: Key = None) -> None:
    """Pause an agent in every queue, for the reason that the configuration gives leaders' pauses. A running ccd asks
    the switch, and what each queue answers is told."""
    _order(config, name, OrderKind.PAUSE, text, key)


@agent.command()
def unpause(config: Config, name: Name, text: Why, key: Key = None) -> None:
    """End an agent's pause in every queue, whoever set it."""
    _order(config, name, OrderKind.UNPAUSE, text, key)


@agent.command("sign-out")
def sign_out(config: Config, name: Name, text: Why, key: Key = None) -> None:
    """Take an agent out of every queue; a call that runs goes on. The time signed out is not charged."""
    _order(config, name, OrderKind.SIGN_OUT, text, key)


def _order(config: Config, name: str, what: OrderKind, text: str, key: str | None) -> None:
    site = site_of(config)
    ended = asked_of_database(site, lambda engine: order(engine, site, known_by(site, key), name, what, text))
    if ended.outcome is not OrderOutcome.DONE:
        raise NotDoneError(ended.outcome.value, str(ended))
    print(ended)
