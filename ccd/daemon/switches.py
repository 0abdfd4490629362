"""The telephone switches of a configuration, as what `ccd.pbx` takes."""

import ssl

from ccd.pbx.ami import Account
from ccd.pbx.capture import PbxConfig
from ccd.pbx.translate import Scope
from ccd.settings.secrets import pbx_secret
from ccd.settings.tree import Pbx, PbxTls


def switch(pbx: Pbx) -> PbxConfig:
    """Raises ConfigurationError where the secret can't be read."""
    tls = _tls(pbx.tls) if pbx.tls else None
    return PbxConfig(
        account=Account(pbx.name, pbx.host, pbx.port, pbx.username, pbx_secret(pbx), tls, pbx.login),
        scope=Scope(pbx.queues.include, pbx.queues.exclude, pbx.static_members),
        login_timeout_s=pbx.login_timeout_s,
        ping_interval_s=pbx.ping_interval_s,
        ping_deadline_s=pbx.ping_deadline_s,
        reconnect_delay_s_min=pbx.reconnect_delay_s_min,
        reconnect_delay_s_max=pbx.reconnect_delay_s_max,
        refused_delay_s=pbx.refused_delay_s,
        snapshot_interval_s=pbx.snapshot_interval_s,
        snapshot_deadline_s=pbx.snapshot_deadline_s,
        queue_size_max=pbx.queue_size_max,
        watermark_margin_s=pbx.watermark_margin_s,
    )


def _tls(tls: PbxTls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
