"""The configured PBXs as what ccd.pbx is given."""

import ssl

from ccd.errors import ConfigurationError, Fault
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import PbxConfig
from ccd.pbx.translate import Scope
from ccd.settings import Pbx as PbxSettings
from ccd.settings.secrets import pbx_secret


def pbx_config(given: PbxSettings) -> PbxConfig:
    """ConfigurationError where the secret or the certificate authorities can't be read."""
    account = ManagerAccount(
        given.name, given.host, given.port, given.username, pbx_secret(given), _tls(given), given.login
    )
    return PbxConfig(
        account,
        scope_of(given),
        login_timeout_s=given.login_timeout_s,
        ping_interval_s=given.ping_interval_s,
        ping_deadline_s=given.ping_deadline_s,
        reconnect_delay_s_min=given.reconnect_delay_s_min,
        reconnect_delay_s_max=given.reconnect_delay_s_max,
        refused_delay_s=given.refused_delay_s,
        snapshot_interval_s=given.snapshot_interval_s,
        snapshot_deadline_s=given.snapshot_deadline_s,
        queue_size_max=given.queue_size_max,
        clock_ahead_s_max=given.clock_ahead_s_max,
        watermark_margin_s=given.watermark_margin_s,
        marks_log=given.queue_log is not None,
    )


def scope_of(given: PbxSettings) -> Scope:
    """Which of the PBX's queues and members belong to ccd."""
    return Scope(tuple(given.queues.include), tuple(given.queues.exclude), given.static_members)


def _tls(given: PbxSettings) -> ssl.SSLContext | None:
    if given.tls is None:
        return None
    try:
        context = ssl.create_default_context(cafile=given.tls.ca)
    except (OSError, ssl.SSLError) as error:
        assert given.tls.ca is not None  # the system's own are always there
        problem = f"can't be used: {error}"
        raise ConfigurationError((Fault(given.tls.ca, None, f"pbx.{given.name}.tls.ca", problem),)) from None
    if not given.tls.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
