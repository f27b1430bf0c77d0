"""What tests of the pages in a real browser share."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("selenium", reason="needs the extra browser")

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs chromium and chromium-driver",
    ),
]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
WIDE, NARROW = (1100, 900), (360, 740)
PICTURES = os.environ.get("KPOCLF_PICTURES")  # a folder for pictures of every page, to be looked at


def chrome(folder):
    """A browser that downloads into a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    found.downloads = folder
    return found


def one(page, selector):
    """The first element of this selector."""
    return page.find_element(By.CSS_SELECTOR, selector)


def press(page, *keys):
    """Press keys wherever the focus is."""
    webdriver.ActionChains(page).send_keys(*keys).perform()


def wait(page, condition):
    """Until something holds."""
    return WebDriverWait(page, 30, 0.05).until(lambda _: condition())


def gone(element):
    """Whether the page of an element was left."""
    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False


def look(page, size, scheme):
    """Show pages on a screen of this size, light or dark."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})


def photograph(page, name, size):
    """Keep a picture of a whole page, if pictures are wanted."""
    if not PICTURES:
        return
    height = page.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": size[0], "height": min(height, 4000), "scale": 1}
    shot = page.execute_cdp_cmd(
        "Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True}
    )
    Path(PICTURES, f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
