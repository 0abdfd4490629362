"""A policy as a configuration that says nothing of its terms has it, but for those that a test wants otherwise."""

from datetime import date
from typing import Any

from ccd.bank.policy import Policy
from ccd.daemon.policies import policies_of
from ccd.settings import Policy as PolicySettings


def policy(starts: date, **terms: Any) -> Policy:
    (made,) = policies_of((PolicySettings.model_validate({"from": starts} | terms),)).default
    return made
