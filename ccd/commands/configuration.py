"""The option that nearly every verb has: which configuration."""

import os
from pathlib import Path
from typing import Annotated

import typer

PLACES = (Path("ccd.toml"), Path("/etc/ccd/ccd.toml"))


def usual() -> Path:
    """Where it is looked for when nothing is said: here, then where the service has it. Here may be a folder that this
    user can't look into, as root's is for `sudo -u ccd ccd check`."""
    return next((place for place in PLACES if os.path.exists(place)), PLACES[-1])  # Path's raises there


Config = Annotated[
    Path,
    typer.Option(
        "--config",
        default_factory=usual,
        envvar="CCD_CONFIG",
        show_default="ccd.toml here, else /etc/ccd/ccd.toml",
        help="The configuration, as config/ccd.toml.",
    ),
]
