"""`ccd run`: the daemon."""

import asyncio
from pathlib import Path
from typing import Annotated, cast

import structlog
import typer

from ccd import logs
from ccd.commands.configuration import Config
from ccd.daemon.judged_by.imported import kept_beside
from ccd.daemon.run import ALL_PARTS, Daemon, Part, Surroundings, daemon
from ccd.daemon.site import Site
from ccd.daemon.site_file import usable
from ccd.errors import ConfigurationError, Fault
from ccd.notify import Notifier
from ccd.settings import Settings


def run(
    config: Config,
    only: Annotated[str, typer.Option(help="Some of capture,live,settle,api, where they run apart.")] = "",
) -> None:
    """Follow the PBXs, keep boards and pages, settle the days, until SIGTERM. SIGHUP reads the files again."""
    parts = _parts(only)
    site = usable(config, kept=kept_beside(config))
    _check_together(config, site.settings, parts)
    logs.configure()
    outside = Surroundings(
        notifier=Notifier.from_environment(), read_again=lambda kept: usable(config, kept=kept), started=_say_where
    )
    asyncio.run(_run(site, parts, outside))


async def _run(site: Site, parts: frozenset[Part], outside: Surroundings) -> None:
    async with daemon(site, parts, outside) as made:
        await made.run()


async def _say_where(made: Daemon) -> None:
    if made.server is not None:
        structlog.get_logger("ccd.run").info("pages are served", url=made.server.url)


def _parts(only: str) -> frozenset[Part]:
    named = frozenset(part.strip() for part in only.split(",") if part.strip())
    if unknown := sorted(named - ALL_PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}; allowed: capture, live, settle, api", param_hint="--only")
    return cast("frozenset[Part]", named) or ALL_PARTS


def _check_together(config: Path, settings: Settings, parts: frozenset[Part]) -> None:
    """Parts that run apart meet in stores that both of them reach."""
    if parts == ALL_PARTS:
        return
    faults = [
        Fault(config, None, key, 'is "embedded", which no other process reaches; with --only it has to be an address')
        for key, url in (("redis.url", settings.redis.url), ("sql.url", settings.sql.url))
        if url == "embedded"
    ]
    if faults:
        raise ConfigurationError(tuple(faults))
