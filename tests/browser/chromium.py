# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium and what the tests ask it: what a page logged, what it fetched, what it shows."""

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

# Without the sandbox, since root and containers have none; the pages are our own. Nothing of Chromium's own may use the network.
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --window-size=1280,900"
).split()


class Browser:
    """A running Chromium; `driver` is Selenium's."""

    def __init__(self, tools: Path, profile: Path) -> None:
        self._tools = tools
        self._profile = profile

    def __enter__(self) -> "Browser":
        options = Options()
        options.binary_location = str(self._tools / "chromium")
        for flag in (*FLAGS, f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver: t.Any = webdriver.Chrome(options=options, service=Service(str(self._tools / "chromedriver")))
        self.driver.set_page_load_timeout(60)
        self.driver.get("about:blank")  # what Chromium's own first page asks for is none of a report's
        return self

    def __exit__(self, kind: t.Optional[type], error: t.Optional[BaseException], trace: t.Optional[types.TracebackType]) -> None:
        self.driver.quit()

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True, media: str = "screen") -> None:
        """Show a file in a window of that many CSS pixels."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        self.driver.get(path.as_uri())

    def command(self, name: str, **parameters: object) -> t.Dict[str, t.Any]:
        """A command of the Chrome DevTools Protocol."""
        return dict(self.driver.execute_cdp_cmd(name, parameters) or {})

    def console(self) -> t.List[str]:
        """What the page, or a violation of its policy, wrote on the console since it was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> t.List[str]:
        """Every address that the page asked for since it was opened, itself among them."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]

    def find(self, selector: str) -> t.Any:
        """The first element for a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> t.List[str]:
        """The text content of all elements for a CSS selector, shown or not."""
        return list(self.script("return Array.from(document.querySelectorAll(arguments[0]), (one) => one.textContent)", selector))

    def script(self, text: str, *arguments: object) -> t.Any:
        """The result of a script in the page."""
        return self.driver.execute_script(text, *arguments)
