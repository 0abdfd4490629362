"""The Chromium that the pages are looked at with: Debian's, quiet, without a screen."""

import shutil

from playwright.sync_api import Browser, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]


def find() -> str:
    """Where Chromium is; says how to get one where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise RuntimeError("no chromium on this machine: apt-get install chromium")
    return found


def launch(playwright: Playwright, *more: str) -> Browser:
    return playwright.chromium.launch(executable_path=find(), args=[*ARGUMENTS, *more])
