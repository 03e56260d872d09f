"""Nothing that a model, a learner or a title says becomes a program, a request or a form: it is text."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import Site, Tabs
from tests.e2e.hostile import LINES, PAYLOADS

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What must not be in a text of others: elements that load, run or send, attributes that run, addresses that run.
_DANGER = """() => {
  const names = /^(script|img|iframe|object|embed|link|meta|base|style|form|video|audio|source|template|body)$/i;
  const dangerous = ({ name, value }) =>
    name.startsWith("on") ||
    (/^(href|src|srcset|action|formaction|data)$/.test(name) && !/^(https?:|mailto:|#)/.test(value));
  const unguarded = (one) => one.localName === "a" && one.target === "_blank" && one.rel !== "noopener noreferrer";
  return [...document.querySelectorAll(":is(.prose, .said, #sessions, .top, dialog) *")]
    .filter((one) => !one.matches("dialog > .body > form")) // the page's own
    .filter((one) => names.test(one.localName) || [...one.attributes].some(dangerous) || unguarded(one))
    .map((one) => one.outerHTML);
}"""


def squeezed(text: str) -> str:
    """Without white space, which HTML and Markdown change."""
    return "".join(text.split())


async def poke(page: Page) -> None:
    """Moves over and clicks on what could be waiting for that."""
    for link in await page.locator(".prose p").all():
        await link.hover()
        await link.click()


async def test_there_are_enough_of_them() -> None:
    assert len(PAYLOADS) >= 50
    assert len(LINES) >= 50


async def test_a_hostile_answer_is_text(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    for payload in PAYLOADS:
        site.provider.script(text=payload)
        status, turn = await site.masterx.ask(session, "Say something")
        assert (status, turn["state"]) == (200, "complete")
    tab = await tabs.open(site.at(session), site.learner)
    await expect(tab.page.locator(".turn")).to_have_count(50)
    while await tab.page.locator(".earlier").count():
        await tab.page.evaluate("document.getElementById('scroller').scrollTop = 0")
        await tab.page.wait_for_timeout(20)
    await expect(tab.page.locator(".turn")).to_have_count(len(PAYLOADS))
    await expect(tab.page.locator(".formula").last).to_be_attached()
    shown = await tab.page.locator(".turn .prose").evaluate_all("all => all.map(one => one.textContent)")
    missing = [p for p, text in zip(PAYLOADS, shown, strict=True) if squeezed(PAYLOADS[p]) not in squeezed(text)]
    assert missing == []
    assert await tab.page.evaluate(_DANGER) == []


async def test_a_hostile_answer_is_text_while_it_is_said(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    short = [payload for payload in PAYLOADS if len(payload) < 500]
    site.provider.script(text="\n\n".join(short), gap=1, stop=20)
    tab = await tabs.open(site.at(session), site.learner)
    await tab.ask("Say it all")
    await expect(tab.page.locator("#stop")).to_be_visible()
    await site.provider.asked(1)
    site.provider.go_on()
    while await tab.page.locator("#stop").is_visible():
        assert await tab.page.evaluate(_DANGER) == []
    await tab.told("alert(54)")
    assert await tab.page.evaluate(_DANGER) == []
    shown = squeezed(await tab.answer().evaluate("one => one.textContent"))
    assert [p for p in short if squeezed(PAYLOADS[p]) not in shown] == []


async def test_links_that_are_clicked_run_nothing(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text="\n\n".join(p for p in PAYLOADS if p.startswith("[click") and "ok.example" not in p))
    await site.masterx.ask(session, "Links, please")
    tab = await tabs.open(site.at(session), site.learner)
    await expect(tab.page.locator(".facts")).to_be_visible()
    await expect(tab.page.locator(".prose a")).to_have_count(0)
    await poke(tab.page)
    assert tab.page.url == site.at(session)
    assert len(tab.page.context.pages) == 1


async def test_hostile_titles_goals_and_messages_are_text(site: Site, tabs: Tabs) -> None:
    for line in LINES:
        session = await site.session(title=line, subject=line, goal=line)
    tab = await tabs.open(site.at(session), site.learner)
    await expect(tab.page.locator("#title")).to_have_text(LINES[-1])
    while await (more := tab.page.get_by_role("button", name="Older sessions")).count():
        await more.click()
        await tab.page.wait_for_timeout(20)
    names = await tab.page.locator("#sessions .name").evaluate_all("all => all.map(one => one.textContent)")
    assert names == LINES[::-1]
    await tab.ask("\n".join(LINES))
    await tab.told("What would you try first?")
    said = await tab.page.locator(".said p").last.evaluate("one => one.textContent")
    assert said == "\n".join(LINES)
    await tab.page.get_by_role("button", name="Rename this session").click()
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("button", name="Delete this session").click()
    await expect(tab.page.locator("dialog")).to_contain_text(LINES[-1])
    assert await tab.page.evaluate(_DANGER) == []


async def test_the_policy_would_stop_what_came_through_all_the_same(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner)
    tab.expected.append("Content Security Policy|Trusted")
    refused = await tab.page.evaluate("""() => {
      const tries = {
        html: () => { document.createElement("p").innerHTML = "<b>x</b>"; },
        address: () => { document.createElement("script").src = "/static/x.js"; },
        policy: () => { trustedTypes.createPolicy("mine", { createHTML: (x) => x }); },
      };
      return Object.keys(tries).filter((name) => { try { tries[name](); return false; } catch { return true; } });
    }""")
    assert refused == ["html", "address", "policy"]
    script = "document.body.append(Object.assign(document.createElement('style'), {textContent: 'body{display:none}'}))"
    await tab.page.evaluate(script)
    await expect(tab.page.locator("#welcome")).to_be_visible()
