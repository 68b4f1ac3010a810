"""A headless Chromium from Debian, driven without a network: nothing is downloaded and nobody is called."""

import os
import re
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
WAIT_SECONDS_MAX = 60

os.environ["SE_OFFLINE"] = "true"


class Browser:
    """A browser with a profile of its own; `folder` holds it and what is downloaded."""

    def __init__(self, folder: Path, screenshots: Path):
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self.screenshots = screenshots
        self.screenshots.mkdir(parents=True, exist_ok=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
            "--disable-component-update", "--no-first-run", "--lang=en-US", f"--user-data-dir={folder / 'profile'}",
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": str(self.downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.size(1280, 860)

    def close(self):
        self.driver.quit()

    def size(self, width: int, height: int, mobile=False):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
        )

    def dark(self, is_dark: bool):
        features = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def screenshot(self, name: str):
        self.driver.save_screenshot(str(self.screenshots / f"{name}.png"))

    def one(self, css: str):
        """The first visible element; waits for it."""
        return self.until(lambda: next((e for e in self.all(css) if e.is_displayed()), None), css)

    def all(self, css: str):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        return self.script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", css)

    def drag(self, kind: str, path: Path):
        """A step of dragging a file or folder of the desktop over the page: `dragEnter`, `dragOver`, `drop`."""
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        self.driver.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 400, "data": data})

    def script(self, text: str, *arguments):
        return self.driver.execute_script(text, *arguments)

    def until(self, condition, what: str = "the condition"):
        """The first true value of the condition."""
        # The page may replace an element while it is looked at.
        stale = [StaleElementReferenceException]
        try:
            return WebDriverWait(self.driver, WAIT_SECONDS_MAX, 0.05, stale).until(lambda _: condition())
        except TimeoutException:
            self.screenshot("app-failed")
            raise AssertionError(f"waited {WAIT_SECONDS_MAX} s for {what}") from None

    def downloaded(self, pattern: str) -> Path:
        """The file of this name, once it is there whole."""

        def found():
            # The browser keeps the name with an empty file until the whole is there.
            return next((p for p in self.downloads.glob(pattern) if p.suffix != ".crdownload" and p.stat().st_size), None)

        return self.until(found, f"a download like {pattern}")

    def faults(self) -> list[str]:
        """What the console complains of; a refused upload or sign-in is logged there too, and is none."""
        lines = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [line for line in lines if not re.search(r"status of (401|422)", line)]


def wait_for_text(path: Path, pattern: str, seconds=60) -> re.Match:
    """The first match in a file that another process writes."""
    deadline = time.monotonic() + seconds
    while True:
        match = re.search(pattern, path.read_text(errors="replace")) if path.exists() else None
        if match:
            return match
        assert time.monotonic() < deadline, f"no {pattern} in {path}"
        time.sleep(0.02)
