import os
import shutil

import pytest


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium; without one the test is skipped, with CI or DRIFTLOG_REQUIRE_CHROMIUM set it fails.

    Playwright keeps an event loop running in this thread; were it to outlive the module, it would be in others' way.
    """
    where = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if where is None:
        required = os.environ.get("CI") or os.environ.get("DRIFTLOG_REQUIRE_CHROMIUM")
        words = "The report is looked at in Chromium: apt-get install chromium, or name one in CHROMIUM."
        (pytest.fail if required else pytest.skip)(words)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where there is a browser

    quiet = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")
    quiet += ("--disable-component-update", "--disable-sync", "--disable-gpu")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=list(quiet))
        yield browser
        browser.close()
