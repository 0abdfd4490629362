"""`ccd check`: every fault of a configuration at once, and of what it names; nothing is started."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.daemon.judged_by.imported import NOTHING, Imported, kept_beside
from ccd.daemon.pbxs import pbx_config
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_warnings, usable
from ccd.daemon.switches.probe import probe_all, warnings_of
from ccd.errors import DatabaseError, SwitchesNotFollowedError

# Asterisk tells no account what it may read, and no setting without the right to run any command.
UNPROVEN = (
    "no queue event came meanwhile; whether they come, and with their time, can't be asked: it takes `read = agent` and"
    " `timestampevents = yes`, and is said by a running ccd as soon as it shows"
)


def check(
    config: Config,
    connect: Annotated[bool, typer.Option("--connect", help="Log in to each telephone switch, too.")] = False,
) -> None:
    """Say every fault of a configuration at once: file, line, key, and what is allowed.

    The roster, secrets, certificates and folders that it names are looked at, too. Exit code 2 if there is a fault.
    With --connect each telephone switch is asked who is in which queue, and what is lacking there is said.
    """
    site = usable(config, kept=_kept_beside(config))
    for warning in site_warnings(site):
        print(f"warning: {warning}")
    for waiting in site.waiting:
        print(f"warning: {waiting}")
    switches = ", ".join(pbx.name for pbx in site.settings.pbx)
    print(f"{config}: in order; telephone switches: {switches}; agents on the roster: {len(site.roster.agents)}")
    if connect:
        look_at_switches(site)


def _kept_beside(config: Path) -> Imported:
    try:
        return kept_beside(config)
    except DatabaseError as error:
        print(f"warning: whether roster or units were imported could not be asked: {error}")
        return NOTHING


def look_at_switches(site: Site) -> None:
    probes = asyncio.run(probe_all(pbx_config(pbx) for pbx in site.settings.pbx))
    for probe in probes:
        for warning in warnings_of(probe, site, time.time_ns() // 1_000):
            print(f"warning: PBX {probe.pbx}: {warning}")
        if not probe.problem:
            queues = len({member.queue for member in probe.members})
            print(f"PBX {probe.pbx}: can be followed; members: {len(probe.members)}, in queues: {queues}")
            if not probe.queues_spoke:
                print(f"PBX {probe.pbx}: {UNPROVEN}")
    if problems := tuple(probe.problem for probe in probes if probe.problem):
        raise SwitchesNotFollowedError(problems)
