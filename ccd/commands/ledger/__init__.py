"""`ccd ledger`: what the ledger says, what is posted to it by hand, and whether it is as it was written."""

import typer

from ccd.commands.ledger.export import export
from ccd.commands.ledger.moving import move
from ccd.commands.ledger.posting import close_period, post_reserved, release, reserve, reverse, transfer
from ccd.commands.ledger.proving import check_proof, checkpoint, new_key, proof, verify
from ccd.commands.ledger.reading import balance, statement
from ccd.commands.ledger.summing import supply, trial_balance

ledger = typer.Typer(
    no_args_is_help=True, help="What the ledger says, what is posted by hand, and whether it is right."
)
VERBS = (
    balance, statement, trial_balance, supply, transfer, reverse, reserve, post_reserved, release, close_period,
    verify, checkpoint, new_key, proof, check_proof, export, move,
)  # fmt: skip
for verb in VERBS:
    ledger.command(verb.__name__.replace("_", "-"))(verb)
