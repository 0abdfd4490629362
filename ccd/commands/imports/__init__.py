"""`ccd import`: what other systems know, taken over whole or not at all."""

import typer

from ccd.commands.imports.holidays import holidays
from ccd.commands.imports.organisation import organisation, people, roster
from ccd.commands.imports.telling import leave, schedule

imports = typer.Typer(
    no_args_is_help=True,
    help="Take over what other systems know: all of a file, or, with all its faults named, nothing.",
)
for verb in (organisation, people, roster, schedule, leave, holidays):
    imports.command(verb.__name__)(verb)
