"""The option that nearly every verb has: which configuration."""

from pathlib import Path
from typing import Annotated

import typer

PLACES = (Path("ccd.toml"), Path("/etc/ccd/ccd.toml"))


def usual() -> Path:
    """Where it is looked for when nothing is said: here, then where the service has it."""
    return next((place for place in PLACES if place.exists()), PLACES[-1])


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
