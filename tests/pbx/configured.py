"""A PBX as a configuration that says nothing of its limits has it, but for those that a test wants otherwise."""

from dataclasses import replace
from typing import Any

from ccd.daemon.pbxs import pbx_config
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import PbxConfig
from ccd.pbx.translate import Scope
from ccd.settings import Pbx


def configured(account: ManagerAccount, scope: Scope | None = None, **limits: Any) -> PbxConfig:
    usual = pbx_config(Pbx.model_validate({"name": "usual", "host": "127.0.0.1", "secret": "s"}))
    return replace(usual, account=account, scope=scope or Scope(), **limits)
