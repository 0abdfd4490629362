"""`ccd export holidays`."""

from ccd.commands.configuration import Config
from ccd.commands.exports.roster import Number, write_out
from ccd.org.store import HOLIDAYS


def holidays(config: Config, number: Number = None) -> None:
    """Print the holidays that were imported, to the last sign as they were."""
    write_out(config, HOLIDAYS, number)
