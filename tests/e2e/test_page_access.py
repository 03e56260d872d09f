"""The chat page for everybody: by keyboard, by ear, in the dark, on a phone, and at once."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.browser import Site, Tabs

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = """### A heading

Some *text* with a [link](https://example.org/) and $x^2$.

> A quotation

```python
print("a long line of code that is wider than any phone, so that it has to be scrolled sideways")
```

| a | b |
|---|---|
| 1 | 2 |
"""
_PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
_SMALL = """[...document.querySelectorAll("button, a, input, textarea")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && !one.closest(".prose p, .skip") && (box.height < 43.5 || box.width < 43.5);
}).map((one) => one.outerHTML)"""


async def findings(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical."""
    results = await Axe().run(page)
    return [
        f"{found['id']}: {node['html']} {node['failureSummary']}"
        for found in results.response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


async def _receipt(page: Page) -> None:
    await page.get_by_role("button", name="What did the tutor see?").last.click()
    await expect(page.locator(".layer").first).to_be_visible()


async def _comment(page: Page) -> None:
    await page.get_by_role("button", name="This helped").last.click()
    await expect(page.get_by_label("A comment on this answer")).to_be_visible()


async def _as_it_is(page: Page) -> None:
    await expect(page.locator(".facts").last).to_be_visible()


async def _deleting(page: Page) -> None:
    await page.get_by_role("button", name="Delete this session").click()


async def _broken(page: Page) -> None:
    await page.fill("#message", "Hello [[fault=cut after=2]]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".end.bad")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "phone"),
    [("light", False), ("dark", False), ("light", True)],
    ids=["light", "dark", "phone"],
)
async def test_axe_finds_nothing_serious(site: Site, tabs: Tabs, scheme: str, phone: bool) -> None:
    session = await site.session(title="A title", goal="A goal", subject="algebra")
    site.provider.script(text=ANSWER)
    await site.masterx.ask(session, "Explain")
    options = {"color_scheme": scheme, **(_PHONE if phone else {})}
    empty = await tabs.open(site.masterx.url, site.learner, **options)
    assert await findings(empty.page) == []
    tab = await tabs.open(site.at(session), site.learner, **options)
    await expect(tab.page.locator(".katex").first).to_be_visible()
    await expect(tab.page.locator(".hl-string").first).to_be_visible()
    steps: list[Callable[[Page], Awaitable[None]]] = [_as_it_is, _comment, _broken, _receipt, _deleting]
    for step in steps:
        await step(tab.page)
        assert await findings(tab.page) == []
        if await tab.page.locator("dialog").count():
            await tab.page.keyboard.press("Escape")
    if phone:
        await tab.page.click("#open-side")
        await expect(tab.page.locator("#side.open")).to_be_visible()
        assert await findings(tab.page) == []


async def test_all_can_be_done_by_keyboard(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner)
    page, keys = tab.page, tab.page.keyboard
    await expect(page.locator("#message")).to_be_focused()
    await keys.type("First line")
    await keys.press("Shift+Enter")
    await keys.type("second line")
    await keys.press("Enter")
    await tab.told("What would you try first?")
    await expect(page.locator(".said p")).to_have_text("First line\nsecond line")
    await expect(page.locator("#message")).to_be_focused()
    names = []
    for _ in range(12):
        await keys.press("Shift+Tab")
        names.append(
            await page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
    assert names[:5] == [
        "What did the tutor see?",
        "This did not help",
        "This helped",
        "Copy this answer",
        "Conversation",
    ]
    assert names[5:7] == ["Delete this session", "Rename this session"]
    await page.focus("#message")
    await page.keyboard.press("Control+Home")
    site.provider.script(stop=3)
    await keys.type("More")
    await keys.press("Enter")
    await expect(page.locator("#stop")).to_be_visible()
    await keys.press("Tab")
    await expect(page.locator("#stop")).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator(".end")).to_contain_text("You stopped this answer")
    await expect(page.locator("#message")).to_be_focused()


async def test_a_finished_answer_is_announced_once(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner)
    await tab.page.evaluate("""() => {
      window.heard = [];
      const live = document.getElementById("announcer");
      new MutationObserver(() => window.heard.push(live.textContent)).observe(live, { childList: true });
    }""")
    site.provider.script(gap=10)
    await tab.ask("Hello")
    await tab.told("What would you try first?")
    heard = await tab.page.evaluate("window.heard")
    assert len(heard) == 1
    assert heard[0].startswith("The tutor says: Good question!")


async def test_colours_follow_the_system_until_one_chooses(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = await tab.page.evaluate(ground)
    await tab.page.click("#theme")
    light = await tab.page.evaluate(ground)
    assert light != dark
    await tab.reload()
    assert await tab.page.evaluate(ground) == light
    await tab.page.click("#theme")
    await expect(tab.page.locator("#theme")).to_have_attribute("aria-label", "Colours: dark")
    assert await tab.page.evaluate(ground) == dark


async def test_a_phone_has_a_drawer_big_targets_and_nothing_wider_than_itself(site: Site, tabs: Tabs) -> None:
    session = await site.session(title="A title")
    site.provider.script(text=ANSWER + "\n\n" + "wide" * 200)
    await site.masterx.ask(session, "x" * 500)
    tab = await tabs.open(site.at(session), site.learner, **_PHONE)
    await expect(tab.page.locator(".katex").first).to_be_visible()
    wide = await tab.page.evaluate(
        "document.getElementById('scroller').scrollWidth - document.getElementById('scroller').clientWidth"
    )
    assert wide <= 0
    assert await tab.page.evaluate(_SMALL) == []
    await expect(tab.page.locator("#side")).not_to_be_in_viewport()
    await tab.page.click("#open-side")
    await expect(tab.page.locator("#close-side")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#open-side")).to_be_focused()
    await tab.page.click("#open-side")
    await tab.page.get_by_role("link", name="New session").click()
    await expect(tab.page.locator("#side")).not_to_be_in_viewport()
    await expect(tab.page.locator("#welcome")).to_be_visible()


async def test_the_first_paint_waits_for_nothing_heavy(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open("about:blank")
    tab.host = site.masterx.url.removeprefix("http://")
    loaded: list[str] = []
    tab.page.on("request", lambda request: loaded.append(request.url))
    await tab.page.goto(site.masterx.url)
    await tab.ready()
    assert loaded
    assert not any(re.search("katex|highlight", url) for url in loaded)
