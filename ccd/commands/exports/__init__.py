"""`ccd export`: what was imported, as a file that can be imported; and what other programs are handed."""

import typer

from ccd.commands.exports.attendance import attendance
from ccd.commands.exports.holidays import holidays
from ccd.commands.exports.organisation import organisation, people
from ccd.commands.exports.records import days, segments, statement
from ccd.commands.exports.roster import roster
from ccd.commands.exports.telling import leave, schedule

exports = typer.Typer(no_args_is_help=True, help="Print what was imported, or what other programs are handed.")
for verb in (organisation, people, roster, schedule, leave, holidays, attendance, segments, days, statement):
    exports.command(verb.__name__)(verb)
