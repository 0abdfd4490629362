"""`ccd export`: what was imported, as a file that can be imported."""

import typer

from ccd.commands.exports.holidays import holidays
from ccd.commands.exports.organisation import organisation, people
from ccd.commands.exports.roster import roster
from ccd.commands.exports.telling import leave, schedule

exports = typer.Typer(no_args_is_help=True, help="Print what was imported, as a file that can be imported.")
for verb in (organisation, people, roster, schedule, leave, holidays):
    exports.command(verb.__name__)(verb)
