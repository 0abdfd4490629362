"""SIP telephones that register and go: PJSIP on Asterisk 22, chan_sip on 16."""

import asyncio

from ccd.floor.events import Device, DeviceChanged
from ccd.pbx.translate import Scope
from tests.pbx_real.asterisk import Asterisk
from tests.pbx_real.following import Following
from tests.pbx_real.phone import register


def seat_of(asterisk: Asterisk) -> str:
    return "PJSIP/7001" if asterisk.version >= 18 else "SIP/7001"


async def test_a_member_is_unreachable_while_its_telephone_is_not_registered(asterisk, tmp_path):
    seat = seat_of(asterisk)
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(seat, "Ann")
            await ccd.until_states(seat, ["unreachable"])
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path)
            await ccd.until_states(seat, ["unreachable", "available"])
            pbx.pause(seat, "toilet")
            await ccd.until(lambda: ccd.now(seat) == "paused:toilet")
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path, 0)
            await ccd.until(lambda: ccd.told(DeviceChanged)[-1].device is Device.UNREACHABLE)
            assert ccd.now(seat) == "paused:toilet"  # an unplugged telephone does not stop the clock of a pause
            pbx.unpause(seat)
            await ccd.until_states(seat, ["unreachable", "available", "paused:toilet", "unreachable"])


async def test_a_static_member_signs_in_and_out_with_its_telephone(asterisk, tmp_path):
    seat = seat_of(asterisk)
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {seat},0,Stan")
    with asterisk.drive() as pbx:
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port) as ccd:
            assert ccd.snapshots[0].members == ()
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path)
            await ccd.until_states(seat, ["available"])
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path, 0)
            await ccd.until_states(seat, ["available", "signed_out"])


async def test_a_static_member_that_is_always_signed_in_is_unreachable_instead(asterisk, tmp_path):
    seat = seat_of(asterisk)
    asterisk.rewrite("queues.conf", r"\[static\]", f"[static]\nmember => {seat},0,Stan")
    with asterisk.drive() as pbx:
        pbx.command("module reload app_queue.so")
        async with Following(asterisk.port, scope=Scope(static_members="always")) as ccd:
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path)
            await ccd.until_states(seat, ["unreachable", "available"])


async def test_a_local_member_with_a_telephone_of_its_own_shows_that_telephones_state(asterisk, tmp_path):
    seat = "Local/7001@agents/n"
    with asterisk.drive() as pbx:
        async with Following(asterisk.port) as ccd:
            pbx.sign_in(seat, "Ann", StateInterface=seat_of(asterisk))
            await ccd.until_states(seat, ["unreachable"])
            await asyncio.to_thread(register, asterisk.sip_port, "7001", tmp_path)
            await ccd.until_states(seat, ["unreachable", "available"])
