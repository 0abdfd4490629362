"""The hub's limits as a configuration that says nothing of them has them, but for those that a test wants otherwise."""

from dataclasses import replace
from typing import Any

from ccd.daemon.pages import hub_limits
from ccd.live.hub import HubLimits
from ccd.settings import Http


def limited(**limits: Any) -> HubLimits:
    return replace(hub_limits(Http()), **limits)
