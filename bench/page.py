"""How soon the chat page shows something: first contentful paint in a real Chromium, beside a bare page.

    masterx bench page [--runs 9]

`warm` is a tab that has been to the page before, `new` a fresh profile. The bare page is one line of text in a `data:`
address, which no server and no style sheet can make slower.
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from bench.report import keep, skip, table
from tests.e2e.browser import ARGUMENTS, binary
from tests.e2e.service import Masterx

_BARE = "data:text/html,<title>bare</title><p>Hello"
_FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") resolve(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""


async def painted(page: Page, url: str) -> float:
    """Milliseconds from the start of the navigation to the first contentful paint."""
    await page.goto(url)
    found: float = await page.evaluate(_FIRST_PAINT)
    return found


async def measure(browser: Browser, url: str, runs: int) -> dict[str, float]:
    """Medians, in a tab that knows the page and in new profiles."""
    context = await browser.new_context()
    page = await context.new_page()
    await painted(page, url)
    warm = [await painted(page, url) for _ in range(runs)]
    await context.close()
    new = []
    for _ in range(runs):
        context = await browser.new_context()
        new.append(await painted(await context.new_page(), url))
        await context.close()
    return {"warm": statistics.median(warm), "new": statistics.median(new)}


async def bench(options: argparse.Namespace) -> None:
    """The chat page beside the bare one."""
    path = binary()
    if path is None:
        skip("no Chromium: `apt-get install chromium`")
    with tempfile.TemporaryDirectory() as folder:
        async with Masterx(Path(folder), {}) as service, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            found = {
                "chat page": await measure(browser, service.url, options.runs),
                "bare page": await measure(browser, _BARE, options.runs),
            }
            await browser.close()
    rows = [[name, f"{one['warm']:.0f}", f"{one['new']:.0f}"] for name, one in found.items()]
    table("first contentful paint, ms (medians)", ["", "warm tab", "new profile"], rows)
    keep("page", {"runs": options.runs, "rows": found})


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench page", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    asyncio.run(bench(parser.parse_args(arguments)))
