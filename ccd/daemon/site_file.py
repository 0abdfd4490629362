"""A configuration read as the site that it describes, with what was imported, its roster, secrets, certificates and
folders: every fault at once."""

import os
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from ccd.daemon.judged_by.applied_clocks import AppliedClocks
from ccd.daemon.judged_by.applied_rules import AppliedRules
from ccd.daemon.judged_by.imported import NOTHING, Imported, look_up
from ccd.daemon.site import Site
from ccd.errors import ConfigurationError, Fault, ImportFaultsError, PolicyError, RosterError
from ccd.floor.days import SECOND
from ccd.org.csv_faults import Written
from ccd.org.roster import BEFORE_ALL, RosterLine
from ccd.org.staff import Staff
from ccd.pbx.headers import OPTIMISED_AWAY, is_optimised_away
from ccd.settings import ConfigurationRead, Settings, inspect, read
from ccd.settings.lines import Keys
from ccd.settings.secrets import read_secret, webhook_keys


def usable(file: Path, now: Callable[[], float] = time.time, kept: Imported = NOTHING) -> Site:
    """The site that `file` describes, with what the database has `kept` of what was imported; a ConfigurationError that
    names every fault if there is one.

    `now`, in epoch seconds, says which days have begun: what they are judged by can't be edited any more.
    """
    reading = inspect(file)
    faults = list(reading.faults)
    site: Site | None = None
    if reading.settings is not None:
        try:
            faults += _said_twice(reading, reading.settings, kept)
            site = Site(reading.settings, *kept)
        except (RosterError, ImportFaultsError) as error:
            faults += error.faults
            if not reading.faults:
                faults += _judged_otherwise(reading, Site(reading.settings.model_copy(update={"roster": None})), now)
        except PolicyError:
            if not faults:  # otherwise what is wrong with it has been named already, with its line
                raise
        faults += _faults_around(reading, reading.settings)
    if site is not None and not reading.faults:
        faults += _unknown_units(reading, site)
        faults += _what_has_held(reading, site, now)
    if faults or site is None:
        raise ConfigurationError(tuple(faults))
    return site


def site_of(file: Path) -> Site:
    """The site that `file` describes, with what was imported, for a command that asks something."""
    return _described(file)[1]


def settled_by(file: Path) -> Site:
    """The same for whoever settles by it: days that are over are judged as they were."""
    reading, site = _described(file)
    if faults := tuple(_what_has_held(reading, site, time.time)):
        raise ConfigurationError(faults)
    return site


def with_imported(file: Path, kind: str, text: Written) -> Site:
    """The site that `file` describes, as it is once the database keeps that, of its kind."""
    return described(file, look_up(read(file)).with_(kind, text))


def staff_of(file: Path) -> Staff:
    """Who is there for what, whatever else the configuration says: asked of whoever would change that."""
    settings = read(file)
    kept = look_up(settings)
    return Staff() if kept.people is None else Site(settings, *kept).staff


def described(file: Path, kept: Imported) -> Site:
    """The site that `file` describes with what the database keeps, or is about to."""
    reading, settings = _read(file)
    site = Site(settings, *kept)
    if faults := (*_unknown_units(reading, site), *_what_has_held(reading, site, time.time)):
        raise ConfigurationError(faults)
    return site


def _described(file: Path) -> tuple[ConfigurationRead, Site]:
    reading, settings = _read(file)
    kept = look_up(settings)
    if faults := tuple(_said_twice(reading, settings, kept)):
        raise ConfigurationError(faults)
    site = Site(settings, *kept)
    if faults := tuple(_unknown_units(reading, site)):
        raise ConfigurationError(faults)
    return reading, site


def _read(file: Path) -> tuple[ConfigurationRead, Settings]:
    reading = inspect(file)
    if reading.faults or reading.settings is None:
        raise ConfigurationError(reading.faults)
    return reading, reading.settings


def _said_twice(reading: ConfigurationRead, settings: Settings, kept: Imported) -> Iterator[Fault]:
    if kept.roster is not None and settings.roster is not None:
        problem = (
            f"the roster is said in two places: in {settings.roster}, and in the database since `ccd import roster` "
            f"(import {kept.roster.number}). Take this line out: what was imported last holds"
            if kept.roster.number
            else f"the roster is that of {settings.roster}. Take this line out, and import it then, before a reload"
        )
        yield reading.fault(("roster",), problem)
    if kept.organisation is not None and settings.units:
        problem = (
            "the units are said in two places: here, and in the database since `ccd import organisation` "
            f"(import {kept.organisation.number}). Take [units] out: what was imported last holds"
            if kept.organisation.number
            else "the units are those of [units]. Take it out, and import them then, before a reload"
        )
        yield reading.fault(("units", next(iter(settings.units))), problem)


def _unknown_units(reading: ConfigurationRead, site: Site) -> Iterator[Fault]:
    """Policies of units that are not there. Where the file has units, its own reading has said it."""
    imported = site.organisation_said
    if site.settings.units and imported is None:
        return
    there = f"no unit of {imported.file}" if imported else "no unit; no [units.NAME] is configured, and none imported"
    for number, policy in enumerate(site.wished.policy):
        if policy.unit and policy.unit not in site.units:
            yield reading.fault(("policy", number, "unit"), f"{policy.unit!r} is {there}")


def _what_has_held(reading: ConfigurationRead, site: Site, now: Callable[[], float]) -> Iterator[Fault]:
    """What of days that are over, or run, it says otherwise than they were measured by."""
    yield from _judged_otherwise(reading, site, now)
    yield from AppliedClocks(site.settings.state_directory).faults_of(reading, site, round(now() * SECOND))


def _judged_otherwise(reading: ConfigurationRead, site: Site, now: Callable[[], float]) -> Iterator[Fault]:
    today = site.newest_day(round(now() * SECOND))
    yield from AppliedRules(site.settings.state_directory).faults_of(reading, site.settings, today)


def _faults_around(reading: ConfigurationRead, settings: Settings) -> Iterator[Fault]:
    if not settings.pbx and not any(fault.key.startswith("pbx") for fault in reading.faults):
        yield reading.fault(("pbx",), "no telephone switch is configured; add a [[pbx]]")
    yield from _secret_faults(reading, settings)
    yield from _certificate_faults(reading, settings)
    folders: tuple[tuple[Keys, Path], ...] = (
        (("state_directory",), settings.state_directory),
        (("evidence", "directory"), settings.evidence.directory),
    )
    for keys, folder in folders:
        if problem := _unwritable(folder):
            yield reading.fault(keys, problem)


def site_warnings(site: Site) -> list[Fault]:
    """What ccd can run with, and is probably not meant; line by line of the roster."""
    return sorted([*unit_warnings(site), *_seat_warnings(site)], key=lambda fault: fault.line or 0)


def _seat_warnings(site: Site) -> Iterator[Fault]:
    roster = site.roster_said.file
    sources = {pbx.name for pbx in site.settings.pbx}
    for entry in site.roster.entries:
        if entry.pbx and entry.pbx not in sources:
            yield Fault(roster, entry.line, "pbx", f"{entry.pbx!r} is no [[pbx]]; the line matches nothing")
        if is_optimised_away(entry.interface):
            yield Fault(roster, entry.line, "interface", f"{entry.interface} {OPTIMISED_AWAY}")


def unit_warnings(site: Site) -> Iterator[Fault]:
    """Of agents in units that are not there, or are gone while the agent still is; each unit once."""
    said: set[str] = set()
    for entry in site.roster.entries:
        unit = entry.unit
        if unit in said or not any(site.units):
            continue
        if unit not in site.units:
            where = f"has no [units.{unit}]" if site.organisation_said is None else "is no unit that was imported"
            problem = f"{unit!r} {where}; it follows the site's time zone and policy"
        elif (gone := _gone_on(site, entry)) and site.agent_days.unit(entry.agent, gone) == unit:
            problem = f"{unit!r} is gone on {gone}, and {entry.agent} is in it: it stands below no other unit then"
        else:
            continue
        said.add(unit)
        yield Fault(site.roster_said.file, entry.line, "unit", problem)


def _gone_on(site: Site, entry: RosterLine) -> date | None:
    """The first day of a line on which its unit is there no more."""
    first = date.min if entry.start == BEFORE_ALL else site.units.days(entry.unit).at(entry.start).day
    return site.units.gone_on(entry.unit, first)


def _secret_faults(reading: ConfigurationRead, settings: Settings) -> Iterator[Fault]:
    files: list[tuple[Keys, Path | None]] = [
        (("pbx", index, "secret_file"), pbx.secret_file) for index, pbx in enumerate(settings.pbx)
    ]
    files += [(("redis", "password_file"), settings.redis.password_file)]
    files += [(("sql", "password_file"), settings.sql.password_file)]
    for keys, secret in files:
        if secret is not None and not reading.is_faulty(keys):
            try:
                read_secret(secret, reading.key_of(keys))
            except ConfigurationError as error:
                yield from error.faults
    for index, hook in enumerate(settings.webhook):
        keys = ("webhook", index, "secret_file")
        if not reading.is_faulty(keys):
            try:
                webhook_keys(hook.secret_file, reading.key_of(keys))
            except ConfigurationError as error:
                yield from error.faults


def _certificate_faults(reading: ConfigurationRead, settings: Settings) -> Iterator[Fault]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for index, pbx in enumerate(settings.pbx):
        if pbx.tls is not None and pbx.tls.ca is not None:
            try:
                context.load_verify_locations(pbx.tls.ca)
            except OSError as error:  # ssl's own errors are among them
                yield reading.fault(("pbx", index, "tls", "ca"), f"{pbx.tls.ca} can't be used: {_why(error)}")
    if (tls := settings.http.tls) is None:
        return
    given = {key: file for key, file in tls if not reading.is_faulty(("http", "tls", key))}
    try:
        if len(given) == 2:
            context.load_cert_chain(tls.certificate, tls.key)
        elif "certificate" in given:
            context.load_verify_locations(tls.certificate)
        elif "key" in given:
            tls.key.read_bytes()
    except OSError as error:
        files = " with ".join(str(file) for file in given.values())
        keys = ("http", "tls") if len(given) == 2 else ("http", "tls", *given)
        yield reading.fault(keys, f"{files} can't be used: {_why(error)}")


def _why(error: OSError) -> str:
    return (error.reason or str(error)) if isinstance(error, ssl.SSLError) else error.strerror or str(error)


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; "" where it can, or the folder can be made."""
    try:
        nearest = next(place for place in (folder, *folder.parents) if place.exists())
    except OSError as error:
        return f"{folder} can't be reached by this user: {error.strerror}"
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} can't be written by this user; give it to the user that ccd runs as"
    return ""
