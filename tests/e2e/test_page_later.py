"""The chat page where no model answers: what it offers, what waits, and the answer that comes later."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.e2e.browser import Site, Tab, Tabs

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = "Ask again when the tutor is back"


async def unanswered(site: Site, tabs: Tabs, **options: str) -> Tab:
    """A page with an answer of the offline tutor, for nobody listens at the provider's port."""
    session = await site.session()
    tab = await tabs.open(site.at(session), site.learner, **options)
    async with site.provider.refusing():
        await tab.ask("How do I solve 1/2 + 1/3?")
        await expect(tab.page.locator(".honest")).to_contain_text("offline tutor stepped in")
    return tab


async def broken_rules(tab: Tab) -> list[str]:
    """What axe-core finds."""
    return [found["id"] for found in (await Axe().run(tab.page)).response["violations"]]


async def come_back(site: Site) -> None:
    """Another learner's question is answered by a model."""
    _, session = await site.masterx.call("POST", "/v1/sessions", {"learner_id": "somebody else"})
    _, turn = await site.masterx.ask(session["id"], "Hi")
    assert turn["provider"] == "openai"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_question_waits_and_its_answer_appears_in_its_place(site: Site, tabs: Tabs, scheme: str) -> None:
    tab = await unanswered(site, tabs, color_scheme=scheme)
    await tab.page.get_by_role("button", name=ASK).click()
    await expect(tab.page.locator(".later")).to_contain_text("We will ask this again for you")
    assert await broken_rules(tab) == []
    site.provider.script(text="Into which pieces?")
    await come_back(site)
    await tab.told("Into which pieces?")
    await expect(tab.page.locator(".turn")).to_have_count(2)
    await expect(tab.page.locator(".said").last).to_contain_text("Asked again for you")
    await expect(tab.page.locator("#announcer")).to_contain_text("Into which pieces?")
    await expect(tab.page.locator(".later").first).to_be_empty()
    assert await broken_rules(tab) == []
    await tab.reload()
    await tab.told("Into which pieces?")
    await expect(tab.page.locator(".turn")).to_have_count(2)


async def test_a_question_that_waits_is_known_after_a_reload_and_can_be_taken_back(site: Site, tabs: Tabs) -> None:
    tab = await unanswered(site, tabs)
    await tab.page.get_by_role("button", name=ASK).click()
    await tab.page.get_by_role("button", name="Never mind").wait_for()
    await tab.reload()
    await tab.page.get_by_role("button", name="Never mind").click()
    await expect(tab.page.get_by_role("button", name=ASK)).to_be_focused()
    await expect(tab.page.locator("#announcer")).to_have_text("We will not ask this again.")
    await tab.reload()
    await expect(tab.page.get_by_role("button", name=ASK)).to_be_visible()


async def test_the_next_hint_is_shown_when_it_is_asked_for(site: Site, tabs: Tabs) -> None:
    tab = await unanswered(site, tabs)
    await tab.page.get_by_role("button", name="Show a hint").click()
    await expect(tab.page.locator(".pointer")).to_contain_text("Which number is a multiple of both denominators")
    await expect(tab.page.locator(".pointer code")).to_have_text("1/2 + 1/3")


async def test_too_many_that_wait_are_told_in_words(site: Site, tabs: Tabs) -> None:
    tab = await unanswered(site, tabs)
    session = await site.session()
    async with site.provider.refusing():
        for _ in range(20):
            _, turn = await site.masterx.ask(session, "Why?")
            assert (await site.masterx.call("POST", f"/v1/turns/{turn['id']}:ask-later"))[0] == 200
    tab.expected.append("409")
    await tab.page.get_by_role("button", name=ASK).click()
    await expect(tab.page.locator(".later")).to_contain_text("Too many questions wait. 20 questions of this learner")
    await expect(tab.page.get_by_role("button", name=ASK)).to_be_enabled()
    await site.masterx.call("DELETE", f"/v1/sessions/{session}")
