"""`ccd check`: every fault of a configuration at once, and of what it names; nothing is started."""

from pathlib import Path
from typing import Annotated

import typer

from ccd.daemon.surroundings import usable, warnings


def check(config: Annotated[Path, typer.Option("--config", help="The configuration, a TOML file.")]) -> None:
    """Say every fault of a configuration at once: file, line, key, and what is allowed.

    The roster, secrets, certificates and folders that it names are looked at, too. Exit code 2 if there is a fault.
    """
    site = usable(config)
    for warning in warnings(site):
        print(f"warning: {warning}")
    switches = ", ".join(pbx.name for pbx in site.settings.pbx)
    print(f"{config}: in order; telephone switches: {switches}; agents on the roster: {len(site.roster.agents)}")
