"""`ccd check`: every fault at once, nothing started, exit code 2."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ccd.daemon.judged_by.applied_rules import AppliedRules
from ccd.settings import read
from tests.commands.running import HERE, PROGRAM, ccd
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.spoken import event, pause, row

PBX = '[[pbx]]\nname = "pbx-1"\nhost = "127.0.0.1"\nsecret_file = "secret"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "roster.csv").write_text((HERE / "config/roster.csv").read_text())
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "ccd.toml"
    file.write_text(text)
    return file


def test_a_configuration_in_order_is_said_to_be(folder):
    done = ccd("check", "--config", written(folder, 'roster = "roster.csv"\n' + PBX))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder}/ccd.toml: in order; telephone switches: pbx-1; agents on the roster: 6\n"
    assert sorted(os.listdir(folder)) == ["ccd.toml", "roster.csv", "secret"]


def test_a_folder_that_can_not_even_be_looked_for_is_a_fault_and_no_traceback(folder):
    done = ccd("check", "--config", written(folder, f'state_directory = "{"x" * 300}"\n{PBX}'))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"ccd.toml:1: state_directory: {folder}/xxx" in done.stderr
    assert "can't be reached by this user: File name too long" in done.stderr


def test_faults_of_the_file_the_roster_the_secrets_and_the_certificates_are_all_named_in_one_go(folder):
    (folder / "roster.csv").write_text("agent,interface,member_name,unit\n,PJSIP/1,,team-1\n1002,PJSIP/2,,\n")
    (folder / "key.pem").write_text("no key")
    text = (
        'roster = "roster.csv"\n'
        'timezone = "Mars"\n'
        "settle_wait_s_max = -1\n"
        'state_directory = "secret/state"\n'
        '[[pbx]]\nname = "pbx-1"\nhost = "h"\nsecret_file = "nowhere"\n'
        '[pbx.tls]\nca = "key.pem"\n'
        '[http.tls]\ncertificate = "key.pem"\nkey = "key.pem"\n'
    )
    done = ccd("check", "--config", written(folder, text))
    assert (done.returncode, done.stdout) == (2, "")
    wanted = [
        "ccd.toml:2: timezone: 'Mars' is no time zone; allowed:",
        "ccd.toml:3: settle_wait_s_max: allowed: greater than or equal to 0; found -1",
        "roster.csv:2: agent: is empty",
        "roster.csv:3: unit: is empty",
        "nowhere: pbx[0].secret_file: can't be read",
        "ccd.toml:10: pbx[0].tls.ca: ",
        "ccd.toml:11: http.tls: ",
        f"ccd.toml:4: state_directory: {folder}/secret is no folder",
        f"ccd.toml: evidence.directory: {folder}/secret is no folder",
    ]
    found = done.stderr.splitlines()
    assert len(found) == len(wanted), found
    for said, start in zip(found, wanted, strict=True):
        assert said.startswith(f"{folder}/{start}"), said


def test_what_is_missing_hides_no_file_and_each_key_has_its_number(folder):
    (folder / "ca.pem").write_text("no certificate")
    text = (
        '[[pbx]]\nname = "pbx-1"\nsecret_file = "secret"\n'
        '[[pbx]]\nname = "pbx-2"\nhost = "h"\nsecret_file = "nowhere"\n[pbx.tls]\nca = "ca.pem"\n'
        '[http.tls]\ncertificate = "ca.pem"\n'
    )
    done = ccd("check", "--config", written(folder, text))
    assert done.returncode == 2
    host, key, secret, ca, certificate = (line.removeprefix(f"{folder}/") for line in done.stderr.splitlines())
    assert host.startswith("ccd.toml:1: pbx[0].host: is missing")
    assert key.startswith("ccd.toml:10: http.tls.key: is missing")
    assert secret.startswith("nowhere: pbx[1].secret_file: can't be read")
    assert ca.startswith("ccd.toml:9: pbx[1].tls.ca: ")
    assert certificate.startswith("ccd.toml:11: http.tls.certificate: ")


def test_a_fault_of_the_roster_does_not_hide_an_edit_of_what_has_held(folder):
    (folder / "state").mkdir()
    text = 'roster = "roster.csv"\n' + PBX + "[[policy]]\nrate_ppm = "
    AppliedRules(folder / "state").keep(read(written(folder, text + "37000\n")))
    (folder / "roster.csv").write_text("agent,interface,member_name,unit\n,PJSIP/1,,team-1\n")
    roster, policy = ccd("check", "--config", written(folder, text + "40000\n")).stderr.splitlines()
    assert "roster.csv:2: agent: is empty" in roster
    assert "ccd.toml:7: policy[0].rate_ppm: has held with rate_ppm 37000" in policy


def test_a_secret_file_that_is_no_path_is_not_looked_for(folder):
    done = ccd("check", "--config", written(folder, PBX.replace('"secret"', "5")))
    assert done.stderr.startswith(f"{folder}/ccd.toml:4: pbx[0].secret_file: allowed: a path in quotes")
    assert done.stderr.count("\n") == 1


def test_what_is_no_telephone_switch_is_not_said_to_be_lacking(folder):
    done = ccd("check", "--config", written(folder, "pbx = 1\n"))
    assert done.stderr.startswith(f"{folder}/ccd.toml:1: pbx: allowed:")
    assert done.stderr.count("\n") == 1


def test_two_policies_from_one_day_are_a_fault_with_its_line(folder):
    done = ccd("check", "--config", written(folder, PBX + "[[policy]]\n[[policy]]\nrate_ppm = 40000\n"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{folder}/ccd.toml:6: policy[1].from: another policy of all units holds from 1970")
    assert done.stderr.count("\n") == 1


def test_units_that_stand_above_each_other_are_named_and_so_is_the_rest(folder):
    (folder / "roster.csv").write_text("agent,interface,member_name,unit\n1001,PJSIP/1,,a\n,PJSIP/2,,c\n")
    units = '[units.a]\nparent = "b"\n[units.b]\nparent = "a"\n[units.c]\nparent = "nowhere"\n'
    done = ccd("check", "--config", written(folder, 'roster = "roster.csv"\n' + PBX + units))
    assert done.returncode == 2
    a, b, c, roster = done.stderr.splitlines()
    assert "ccd.toml:7: units.a.parent: the unit stands above itself" in a
    assert "ccd.toml:9: units.b.parent: the unit stands above itself" in b
    assert "ccd.toml:11: units.c.parent: 'nowhere' is no unit" in c
    assert "roster.csv:3: agent: is empty" in roster


def test_the_configuration_is_found_as_by_every_other_verb(folder):
    done = ccd("check", CCD_CONFIG=str(written(folder, PBX)))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_telephone_switch_there_is_nothing_to_run(folder):
    done = ccd("check", "--config", written(folder, ""))
    assert done.returncode == 2
    assert done.stderr == f"{folder}/ccd.toml: pbx: no telephone switch is configured; add a [[pbx]]\n"


def test_what_is_probably_not_meant_is_a_warning(folder):
    (folder / "roster.csv").write_text(
        "agent,interface,member_name,unit,pbx\n"
        "1001,Local/1001@agents,,team-1,\n"
        "1002,Local/1002@agents/n,,team-2,\n"
        "1003,Local/1003@agents/nj,,team-2,pbx-9\n"
    )
    done = ccd("check", "--config", written(folder, 'roster = "roster.csv"\n' + PBX + "[units.team-1]\n"))
    assert done.returncode == 0
    first, second, third, _in_order = done.stdout.splitlines()
    assert "roster.csv:2: interface: Local/1001@agents lacks /n" in first
    assert "roster.csv:3: unit: 'team-2' has no [units.team-2]" in second
    assert "roster.csv:4: pbx: 'pbx-9' is no [[pbx]]" in third


def test_a_certificate_that_fits_its_key_is_taken(folder):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    text = PBX + '[pbx.tls]\nca = "cert.pem"\n[http.tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
    assert ccd("check", "--config", written(folder, text)).returncode == 0


def test_nothing_is_started_by_a_check(folder):
    with socket.create_server(("127.0.0.1", 0)) as switch:
        switch.settimeout(0.2)
        port = switch.getsockname()[1]
        assert ccd("check", "--config", written(folder, PBX + f"port = {port}\n")).returncode == 0
        with pytest.raises(TimeoutError):
            switch.accept()


def switch_at(port: int, **more: str) -> str:
    settings = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    return f'[[pbx]]\nname = "pbx-1"\nhost = "127.0.0.1"\nport = {port}\nsecret = "ccd"\n{settings}'


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[int]:
    """A simulated switch of ten agents; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, "simulate", "--listen", f"127.0.0.1:{port}", "--agents", "10"]
    switch = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(HERE)})
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield port
    finally:
        switch.terminate()
        switch.wait(timeout=20)


def test_a_switch_that_can_be_followed_is_said_to_be_with_what_is_not_on_the_roster(folder, simulated):
    done = ccd("check", "--connect", "--config", written(folder, switch_at(simulated)))
    assert done.returncode == 0, done.stderr
    assert "PBX pbx-1: can be followed; members: " in done.stdout


@pytest.mark.parametrize(
    ("spoken", "unproven", "untimed"),
    [(b"", True, False), (pause(1.0), False, False), (event("QueueMemberPause", None), True, True)],
    ids=["nothing", "an event with its time", "an event without"],
)
async def test_what_no_switch_can_be_asked_is_said_unless_an_event_shows_it(folder, spoken, unproven, untimed):
    async with FakePbx(rows=row()) as switch:
        switch.before_answers["QueueStatus"] = lambda: spoken
        file = written(folder, switch_at(switch.port))
        done = await asyncio.to_thread(ccd, "check", "--connect", "--config", file)
    assert done.returncode == 0, done.stderr
    assert ("can't be asked: it takes `read = agent` and `timestampevents = yes`" in done.stdout) == unproven
    assert ("warning: PBX pbx-1: events carry no time" in done.stdout) == untimed


def test_a_switch_that_refuses_the_login_or_is_not_there_is_a_line_that_says_what_to_do(folder, simulated):
    done = ccd("check", "--connect", "--config", written(folder, switch_at(simulated, username="nobody")))
    assert done.returncode == 1
    assert "PBX pbx-1: the manager account 'nobody' was refused" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = ccd("check", "--connect", "--config", written(folder, switch_at(port)))
    assert done.returncode == 1
    assert f"PBX pbx-1: no connection to 127.0.0.1:{port}" in done.stderr
    assert done.stderr.count("\n") == 1
