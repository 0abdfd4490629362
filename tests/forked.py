"""Processes that are forked from one that has imported what they need: to start a Python and read all that takes longer
than what most of them do."""

import multiprocessing

from ccd.commands.app import MODULES, VERBS

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [*(f"ccd.commands.{MODULES.get(verb, verb)}" for verb in VERBS), "tests.ledger.bank", "tests.history.dying"]
)
