"""What a configuration says of a PBX is what the capture is given."""

from dataclasses import fields
from typing import Any

from ccd.daemon.pbxs import pbx_config
from ccd.pbx.capture import PbxConfig
from ccd.settings import Pbx

LIMITS = {
    "login_timeout_s": 11.0, "ping_interval_s": 3.0, "ping_deadline_s": 1.0, "reconnect_delay_s_min": 0.25,
    "reconnect_delay_s_max": 40.0, "refused_delay_s": 70.0, "snapshot_interval_s": 200.0, "snapshot_deadline_s": 20.0,
    "queue_size_max": 5_000, "clock_ahead_s_max": 60.0, "watermark_margin_s": 1.0,
}  # fmt: skip
OURS = {"snapshot_settle_s"}  # no setting
WHO = {"account", "scope", "marks_log"}


def configured(**given: Any) -> PbxConfig:
    return pbx_config(Pbx.model_validate({"name": "a", "host": "h", "secret": "s"} | given))


def test_every_limit_that_can_be_set_reaches_the_capture() -> None:
    assert LIMITS.keys() == {field.name for field in fields(PbxConfig)} - OURS - WHO
    made = configured(**LIMITS)
    assert {name: getattr(made, name) for name in LIMITS} == LIMITS
    assert all(getattr(configured(), name) != value for name, value in LIMITS.items())


def test_the_log_is_marked_where_somebody_reads_it() -> None:
    assert not configured().marks_log
    assert configured(queue_log="/var/log/asterisk/queue_log").marks_log
