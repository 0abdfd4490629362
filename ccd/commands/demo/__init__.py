"""`ccd demo`: the whole of it on a simulated floor, with nothing to install and nothing left behind."""

from ccd.commands.demo.show import demo

__all__ = ["demo"]
