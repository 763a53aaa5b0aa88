"""A headless Chromium, and GraphiQL in it as a person sees and uses it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, ViewportSize, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
SIZE = ViewportSize(width=1400, height=900)
PATIENCE_MS = 20_000
"""The first start of an editor of 5 MB, on a machine that is busy."""
_QUIET = ("quic", "background-networking", "component-update", "sync")


def program() -> str | None:
    """A browser's program."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def launched(executable: str) -> AsyncIterator[Browser]:
    """A browser that reaches nothing but this machine."""
    arguments = [f"--disable-{name}" for name in _QUIET]
    arguments += ["--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Graphiql:
    """GraphiQL in a page, and what went wrong there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self._requested(request.url))
        page.on("websocket", lambda socket: self._requested(socket.url))
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", self._failed)

    @property
    def tabs(self) -> Locator:
        """The titles of the tabs."""
        return self.page.locator(".graphiql-tab-button")

    @property
    def result(self) -> Locator:
        """What was answered, as far as it can be seen."""
        return self.page.locator(".result-window .view-lines")

    async def open(self, url: str) -> None:
        """Until something can be typed."""
        await self.page.goto(url)
        await self.page.locator(".graphiql-query-editor .view-lines").wait_for()

    async def choose(self, title: str) -> None:
        """Another tab; until GraphiQL has read its document, which it also puts into the browser's storage."""
        await self.tabs.filter(has_text=title).click()
        await self.page.wait_for_function("title => localStorage['graphiql:query']?.includes(title)", arg=f" {title}")

    async def run(self, operation: str | None = None) -> None:
        """Presses the round button; where the document has several operations, it asks which."""
        await self.page.locator(".graphiql-execute-button").click()
        if operation is not None:
            await self.page.get_by_role("menuitem", name=operation).click()

    async def shows(self, text: str) -> None:
        """Waits for it in the result."""
        await self.result.get_by_text(text).first.wait_for()

    async def saved(self, titles: list[str]) -> None:
        """Until the browser keeps these tabs for the next visit."""
        await self.page.wait_for_function(
            "titles => JSON.parse(localStorage['graphiql:tabState'] ?? '{}').tabs?.map(tab => tab.title) == titles",
            arg=",".join(titles),
        )

    def _requested(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that was left while it loaded
            self.errors.append(f"{request.url}: {request.failure}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)
