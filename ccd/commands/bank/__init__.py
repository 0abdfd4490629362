"""`ccd bank`: the acts of the Time Bank's services."""

import typer

from ccd.commands.bank.appeals import appeal
from ccd.commands.bank.entitlements import entitlement
from ccd.commands.bank.leaver import leaver
from ccd.commands.bank.month import month
from ccd.commands.bank.offset import offset
from ccd.commands.bank.overtime import overtime
from ccd.commands.bank.red_packet import red_packet
from ccd.commands.bank.rulings import ruling
from ccd.commands.bank.supply import supply
from ccd.commands.bank.withdraw import withdraw

bank = typer.Typer(no_args_is_help=True, help="The acts of the Time Bank's services.")
bank.add_typer(overtime, name="overtime")
bank.add_typer(month, name="month")
bank.add_typer(offset, name="offset")
bank.add_typer(red_packet, name="red-packet")
bank.add_typer(ruling, name="ruling")
bank.add_typer(entitlement, name="entitlement")
bank.add_typer(appeal, name="appeal")
bank.add_typer(withdraw, name="withdraw")
bank.add_typer(leaver, name="leaver")
bank.command()(supply)
