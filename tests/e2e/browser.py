"""A real Chromium, headless, without a network of its own; a fresh profile for each test.

A pytest plugin. What a page logs as an error, throws, or is refused by its policy fails the test.
"""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Dialog, Locator, Page, Request, async_playwright, expect

from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx

ELSEWHERE = "MASTERX_TEST_CHROMIUM"
"""Environment variable with the path of a Chromium to use in the place of the one on PATH."""

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
_PATIENCE = 60_000
"""Milliseconds after which something that should appear on a page is missing; as long as a busy machine may need."""


@dataclass
class Tab:
    """A page and what went wrong on it. What a test expects to go wrong, it puts into `expected` as a pattern."""

    page: Page
    host: str
    wrong: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        """Waits until the page's program has come."""
        await self.page.wait_for_selector("html[data-ready]")

    async def reload(self) -> None:
        """Loads the page again."""
        await self.page.reload()
        await self.ready()

    async def ask(self, message: str) -> None:
        """Types a message and presses Enter."""
        await self.page.fill("#message", message)
        await self.page.press("#message", "Enter")

    def answer(self, at: int = -1) -> Locator:
        """The text of an answer, the newest one unless said."""
        return self.page.locator(".turn .prose").nth(at)

    async def told(self, text: str) -> None:
        """Waits until the newest answer is finished and holds this text."""
        await expect(self.answer()).to_contain_text(text)
        await expect(self.page.locator(".turn .facts").last).to_be_visible()
        await expect(self.page.locator("#send")).to_be_visible()

    def check(self) -> None:
        """Fails if the page did anything it must not do."""
        unexpected = [line for line in self.wrong if not any(re.search(p, line) for p in self.expected)]
        assert unexpected == []
        assert self.foreign == []

    def watch(self) -> None:
        """Notes console errors, exceptions, dialogs and requests to other hosts."""
        self.page.on("console", lambda m: self.wrong.append(f"{m.type}: {m.text}") if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(f"exception: {error}"))
        self.page.on("crash", lambda _: self.wrong.append("the page crashed"))
        self.page.on("dialog", self._asked)
        self.page.context.on("request", self._requested)

    async def _asked(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != self.host:
            self.foreign.append(request.url)


@dataclass
class Tabs:
    """Opens pages of one fresh profile after the other."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)

    async def open(self, url: str, learner: str = "", **options: Any) -> Tab:
        """A new profile with a page at `url`; options are those of Playwright's `new_context`."""
        context = await self.browser.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(_PATIENCE)
        self.contexts.append(context)
        if learner:
            await context.add_init_script(f"localStorage.setItem('masterx.learner', {json.dumps(learner)})")
        return await self.beside(context, url)

    async def beside(self, context: BrowserContext, url: str) -> Tab:
        """Another page of a profile."""
        tab = Tab(await context.new_page(), urlsplit(url).netloc)
        self.tabs.append(tab)
        tab.watch()
        await tab.page.goto(url)
        if url.startswith("http"):
            await tab.ready()
        return tab

    async def close(self) -> None:
        """Ends all profiles."""
        for context in self.contexts:
            await context.close()


def binary() -> str | None:
    """The Chromium that the tests use."""
    return os.environ.get(ELSEWHERE) or shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_report_header() -> str:
    """Which browser the tests use."""
    return f"chromium: {binary() or 'none'}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    path = binary()
    if path is None:
        _missing(f"no Chromium: `apt-get install chromium`, or name one in {ELSEWHERE}")
    expect.set_options(timeout=_PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(chromium: Browser) -> AsyncIterator[Tabs]:
    """Pages of this test; each is checked at its end."""
    opened = Tabs(chromium)
    yield opened
    await opened.close()
    for tab in opened.tabs:
        tab.check()


@dataclass
class Site:
    """A service with its page, and the provider that it asks."""

    masterx: Masterx
    provider: MisbehavingProvider
    learner: str

    async def session(self, **given: str) -> str:
        """A new session of this test's learner."""
        _, body = await self.masterx.call("POST", "/v1/sessions", {"learner_id": self.learner, **given})
        return str(body["id"])

    def at(self, session: str) -> str:
        """The address of a session on the page."""
        return f"{self.masterx.url}/#/s/{session}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Masterx, MisbehavingProvider]]:
    """One service for all tests of pages that do not end it."""
    async with MisbehavingProvider() as provider:
        settings = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url("openai")}
        async with Masterx(Path(tmp_path_factory.mktemp("page")), settings) as masterx:
            yield masterx, provider


@pytest_asyncio.fixture(loop_scope="session")
async def site(serving: tuple[Masterx, MisbehavingProvider], request: pytest.FixtureRequest) -> Site:
    """The service, for a learner of this test alone, with a provider that behaves."""
    masterx, provider = serving
    provider.reset()
    return Site(masterx, provider, re.sub(r"\W+", "-", request.node.name)[:80])


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
