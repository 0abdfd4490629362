"""A real Asterisk's manager over TLS: who it is is made sure of, and what is wrong is said as what it is."""

import asyncio
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccd.errors import PbxTlsError, PbxUnreachableError
from tests.pbx_real.asterisk import Asterisk
from tests.pbx_real.following import Following
from tests.ports import free_port

TLS = Path(__file__).parent.parent / "pbx" / "tls"  # for 127.0.0.1, and no other name
SEAT = "Local/1001@agents/n"
OF_ONE_VERSION = pytest.mark.parametrize("tls_port", [22], indirect=True)  # our own side speaks here, not Asterisk


@pytest.fixture(params=[22, 16], ids=["asterisk-22", "asterisk-16"])
def tls_port(request: pytest.FixtureRequest) -> Iterator[tuple[Asterisk, int]]:
    """An Asterisk whose manager listens with TLS as well, and where."""
    asterisk, port = Asterisk(request.param), free_port()
    for file in ("certificate.pem", "key.pem"):
        shutil.copy(TLS / file, asterisk.etc)
    inside = f"/ast/{asterisk.port}/etc"
    lines = [f"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{port}"]
    lines += [f"tlscertfile = {inside}/certificate.pem\ntlsprivatekey = {inside}/key.pem\n[ccd]"]
    asterisk.rewrite("manager.conf", r"\[ccd\]", "\n".join(lines))
    try:
        asterisk.start()
        yield asterisk, port
    finally:
        asterisk.close()


def trusting(ca: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


async def test_a_certificate_that_is_trusted_lets_us_in(tls_port):
    asterisk, port = tls_port
    with asterisk.drive() as pbx:
        async with Following(port, tls=trusting(TLS / "certificate.pem")) as ccd:
            pbx.sign_in(SEAT, "Ann 安")
            pbx.pause(SEAT, "打水")
            await ccd.until_states(SEAT, ["available", "paused:打水"])
            assert b"QueueMember" not in b"".join(ccd.proxy.streams)


@OF_ONE_VERSION
@pytest.mark.parametrize(
    ("host", "ca", "reason"),
    [
        ("127.0.0.1", None, "self-signed certificate"),
        ("localhost", TLS / "certificate.pem", "Hostname mismatch, certificate is not valid for 'localhost'"),
    ],
    ids=["nobody we trust signed it", "it is another host's"],
)
async def test_a_certificate_that_is_not_trusted_is_said_and_nothing_is_told_to_it(tls_port, host, ca, reason):
    _, port = tls_port
    async with Following(port, host=host, tls=trusting(ca), wait_until_live=False) as ccd:
        [said] = await ccd.until(lambda: ccd.log.events("error"))
        expected = str(PbxTlsError("test", host, ccd.proxy.port, reason))
        assert said.replace("self signed", "self-signed").startswith(expected.partition(reason)[0] + reason)
        await ccd.until(lambda: len(ccd.proxy.asked) > 1)  # it tries again, and does not say it again
        assert len(ccd.log.events("error")) == 1
        assert b"ccd" not in b"".join(ccd.proxy.asked)


@OF_ONE_VERSION
async def test_a_port_without_tls_is_said_to_be_one(tls_port):
    asterisk, _ = tls_port
    ca = TLS / "certificate.pem"
    async with Following(asterisk.port, tls=trusting(ca), wait_until_live=False, login_timeout_s=2.0) as ccd:
        [said] = await ccd.until(lambda: ccd.log.events("error"))
        assert "no TLS with 127.0.0.1" in said
        assert "tlsbindaddr" in said


@OF_ONE_VERSION
async def test_a_tls_port_that_nobody_listens_on_is_no_matter_of_certificates(tls_port):
    asterisk, port = tls_port
    await asyncio.to_thread(asterisk.kill)
    async with Following(port, tls=trusting(TLS / "certificate.pem"), wait_until_live=False) as ccd:
        [said] = await ccd.until(lambda: ccd.log.events("error"))
        assert said.startswith(str(PbxUnreachableError("test", "127.0.0.1", ccd.proxy.port, "")).partition("(")[0])
