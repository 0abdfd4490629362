"""`ccd export organisation` and `people`."""

from ccd.commands.configuration import Config
from ccd.commands.exports.roster import Number, write_out
from ccd.org.store import ORGANISATION, PEOPLE


def organisation(config: Config, number: Number = None) -> None:
    """Print the units that were imported, to the last sign as they were."""
    write_out(config, ORGANISATION, number)


def people(config: Config, number: Number = None) -> None:
    """Print the people that were imported, to the last sign as they were."""
    write_out(config, PEOPLE, number)
