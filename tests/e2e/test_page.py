"""The chat page in a real browser: asked, answered, stopped, rated, and what it tells of an answer."""

import pytest
from playwright.async_api import Route, expect

from tests.e2e.browser import Site, Tab, Tabs
from tests.e2e.script import TEXTS
from tests.e2e.service import Masterx, closed

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = "".join(TEXTS).replace("\N{THIN SPACE}", " ")
LESSON = r"""Let us get $x$ alone: $$3x = 15$$

- first **subtract 5**
- then \(\frac{15}{3}\), which costs between $5 and $10

```python
x = 5  # a value
```

| a | b |
|---|---|
| 1 | 2 |
"""

FORMULAS = {
    "It costs $5 and $10.": 0,
    "Between $5, or 10$ more.": 0,
    "US$5 for US$6 and $HOME/$PATH": 0,
    r"Escaped \$a\$ and `$a$`": 0,
    "Here $3x + 5 = 20$ and $x$.": 2,
    r"\(a_1 * b_2\) and \[c^2\] and $$d$$": 3,
    "$$\n\\frac{1}{2}\n$$\n\ntext": 1,
    r"$\notacommand{x}$ and $\frac{1$": 0,
    r"$\href{javascript:alert(1)}{x}$ $\includegraphics{http://example.com/x.png}$ $\pmb{x}$": 3,
}


async def test_a_first_message_starts_a_session_and_is_answered(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner)
    await expect(tab.page.get_by_role("heading", name="What would you like to work on?")).to_be_visible()
    await tab.page.fill("#subject", "fractions")
    await tab.page.fill("#goal", "compare them")
    await tab.ask("Which is bigger, ½ or ¼? Please explain it slowly, with a drawing in words, if you can.")
    await tab.told("What would you try first?")
    await expect(tab.page.locator(".facts")).to_contain_text("openai")
    await expect(tab.page.locator(".facts")).to_contain_text("first word")
    _, kept = await site.masterx.call("GET", f"/v1/sessions?learner_id={site.learner}")
    assert (kept["data"][0]["subject"], kept["data"][0]["goal"]) == ("fractions", "compare them")
    assert kept["data"][0]["title"] == "Which is bigger, ½ or ¼? Please explain it slowly, with a…"
    await expect(tab.page.locator("#title")).to_have_text(kept["data"][0]["title"])
    await expect(tab.page.locator("#sessions a[aria-current]")).to_contain_text("Which is bigger")
    await tab.reload()
    await tab.told("What would you try first?")


async def test_words_appear_while_they_are_said_and_can_be_stopped(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    tab = await tabs.open(site.at(session), site.learner)
    site.provider.script(stop=4)
    await tab.ask("Tell me")
    await expect(tab.answer()).to_contain_text("Before I answer")
    await expect(tab.page.locator("#stop")).to_be_visible()
    await tab.page.click("#stop")
    await expect(tab.page.locator(".end")).to_contain_text("You stopped this answer")
    turn = await closed(site.masterx, session)
    assert turn["state"] == "cancelled"
    shown = await tab.answer().inner_text()
    assert shown.split() == turn["reply"].split()
    site.provider.script(text="A new try.")
    await tab.page.get_by_role("button", name="Try again").click()
    await tab.told("A new try.")
    await expect(tab.page.locator(".turn")).to_have_count(2)


async def test_formulas_code_and_tables_are_set_and_money_is_not_a_formula(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text=LESSON, gap=1)
    tab = await tabs.open(site.at(session), site.learner)
    await tab.ask("Explain")
    await expect(tab.page.locator(".formula .katex")).to_have_count(3)
    await expect(tab.page.locator("mjx-container, .tex")).to_have_count(0)
    await expect(tab.answer()).to_contain_text("which costs between $5 and $10")
    await expect(tab.page.locator(".code .hl-comment")).to_have_text("# a value")
    await expect(tab.page.locator(".prose table td")).to_have_count(2)
    await expect(tab.page.locator(".prose li strong")).to_have_text("subtract 5")
    streamed = await tab.answer().inner_html()
    await tab.reload()
    await expect(tab.page.locator(".formula .katex")).to_have_count(3)
    await expect(tab.page.locator(".code .hl-comment")).to_have_text("# a value")
    assert await tab.answer().inner_html() == streamed


async def test_dollars_are_formulas_only_where_they_cannot_be_money(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    for said in FORMULAS:
        site.provider.script(text=said)
        await site.masterx.ask(session, "Explain")
    tab = await tabs.open(site.at(session), site.learner)
    await expect(tab.page.locator(".formula .katex").last).to_be_visible()
    shown = [await tab.answer(at).locator(".formula .katex").count() for at in range(len(FORMULAS))]
    assert dict(zip(FORMULAS, shown, strict=True)) == FORMULAS
    await expect(tab.page.locator(".prose a, .prose img")).to_have_count(0)
    await expect(tab.answer(7)).to_have_text(r"$\notacommand{x}$ and $\frac{1$")


async def test_feedback_arrives(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    await site.masterx.ask(session, "Hello")
    tab = await tabs.open(site.at(session), site.learner)
    async with tab.page.expect_response(lambda r: r.url.endswith("/feedback")) as rated:
        await tab.page.get_by_role("button", name="This did not help").click()
    assert (await (await rated.value).json())["helpful"] is False
    await expect(tab.page.get_by_role("button", name="This did not help")).to_have_attribute("aria-pressed", "true")
    await tab.page.get_by_label("A comment on this answer").fill("Too <b>short</b>")
    async with tab.page.expect_response(lambda r: r.url.endswith("/feedback")) as commented:
        await tab.page.get_by_role("button", name="Send comment").click()
    answer = await commented.value
    assert answer.status == 201
    assert (await answer.json())["comment"] == "Too <b>short</b>"
    await expect(tab.page.get_by_text("Your comment is kept")).to_be_visible()


async def test_the_receipt_tells_what_the_tutor_saw(site: Site, tabs: Tabs) -> None:
    session = await site.session(subject="algebra")
    _, turn = await site.masterx.ask(session, "Hello")
    _, receipt = await site.masterx.call("GET", f"/v1/turns/{turn['id']}/context")
    tab = await tabs.open(site.at(session), site.learner)
    await tab.page.get_by_role("button", name="What did the tutor see?").click()
    told = [layer for layer in receipt["layers"] if layer["outcome"] != "empty"]
    await expect(tab.page.locator(".layer")).to_have_count(len(told))
    await expect(tab.page.get_by_text("Nothing to say yet: course")).to_be_visible()
    await expect(tab.page.locator(".budget")).to_contain_text(f"{receipt['tokens']} of {receipt['budget']:,} tokens")
    await expect(tab.page.locator(".layer").first).to_contain_text(receipt["layers"][0]["why"])
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("dialog")).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="What did the tutor see?")).to_be_focused()


async def test_a_session_can_be_renamed_and_deleted(site: Site, tabs: Tabs) -> None:
    session = await site.session(title="Old")
    tab = await tabs.open(site.at(session), site.learner)
    await tab.page.get_by_role("button", name="Rename this session").click()
    await tab.page.get_by_role("textbox", name="Rename this session").fill("New <i>title</i>")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#title")).to_have_text("New <i>title</i>")
    await expect(tab.page.locator("#sessions .name")).to_have_text("New <i>title</i>")
    await tab.page.get_by_role("button", name="Delete this session").click()
    await tab.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(tab.page.locator("#welcome")).to_be_visible()
    await expect(tab.page.locator("#sessions a")).to_have_count(0)
    assert (await site.masterx.call("GET", f"/v1/sessions/{session}"))[0] == 404


async def test_older_sessions_are_a_page_away_and_a_name_brings_its_own(site: Site, tabs: Tabs) -> None:
    for number in range(35):
        await site.session(title=f"Session {number}")
    tab = await tabs.open(site.masterx.url, "")
    made_up = await tab.page.locator("#learner-name").inner_text()
    assert made_up.count("-") == 2
    await tab.page.click("#learner")
    await tab.page.get_by_role("textbox", name="Your name here").fill(site.learner)
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#sessions a")).to_have_count(30)
    await expect(tab.page.locator("#sessions .name").first).to_have_text("Session 34")
    await tab.page.get_by_role("button", name="Older sessions").click()
    await expect(tab.page.locator("#sessions a")).to_have_count(35)
    await tab.reload()
    await expect(tab.page.locator("#learner-name")).to_have_text(site.learner)


async def test_providers_that_fail_are_named_and_the_offline_tutor_says_so(site: Site, tabs: Tabs) -> None:
    site.provider.script(fault="500")
    tab = await tabs.open(site.masterx.url, site.learner)
    await tab.ask("How do I solve 3x + 5 = 20?")
    await expect(tab.page.locator(".honest")).to_contain_text("The model providers failed (openai:")
    await expect(tab.page.locator(".facts")).to_contain_text("offline tutor")


async def test_an_answer_that_broke_off_is_kept_and_can_be_asked_again(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.masterx.url, site.learner)
    site.provider.script(fault="cut", after=3)
    await tab.ask("Hello")
    await expect(tab.page.locator(".end.bad")).to_contain_text("What it said so far is kept")
    await expect(tab.answer()).to_contain_text("look at ½ and ¼:")
    await tab.reload()
    await expect(tab.page.locator(".end.bad")).to_contain_text("The answer broke off")
    await expect(tab.answer()).to_contain_text("look at ½ and ¼:")


async def test_without_a_model_the_page_says_how_to_get_one(
    tmp_path_factory: pytest.TempPathFactory, tabs: Tabs
) -> None:
    async with Masterx(tmp_path_factory.mktemp("offline"), {}) as masterx:
        assert masterx.banner.splitlines()[1].split() == ["Chat", f"{masterx.url}/"]
        tab = await tabs.open(masterx.url)
        await tab.ask("How do I solve 3x + 5 = 20?")
        await expect(tab.page.locator(".honest")).to_contain_text("No language model is configured.")
        for key in ("GROQ_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY"):
            await expect(tab.page.locator(".honest")).to_contain_text(key)
        await expect(tab.page.locator(".facts")).to_contain_text("offline tutor")


async def test_a_long_session_loads_from_its_end_and_stays_in_place(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text="**An answer** of two lines.\n\nHere is the second, with `code` in it.")
    for number in range(200):
        await site.masterx.ask(session, f"Question {number}")
    tab = await tabs.open(site.at(session), site.learner)
    turns = tab.page.locator(".turn")
    await expect(turns.last).to_contain_text("Question 199")
    await expect(turns.last).to_be_in_viewport()
    await expect(turns).to_have_count(50)
    for have in (100, 150, 200):
        jump = await tab.page.evaluate(_SCROLL_UP)
        assert abs(jump) < 2
        await expect(turns).to_have_count(have)
    await expect(turns.first).to_contain_text("Question 0")
    await tab.page.evaluate("document.getElementById('scroller').scrollTop = 0")
    await expect(turns.first).to_be_in_viewport()
    assert await work(tab, _SCROLL_DOWN) / _FRAMES < 0.05
    await tab.page.get_by_role("button", name="To the newest").click()
    await expect(turns.last).to_be_in_viewport()


# Scrolls near the top of what is loaded and gives by how many pixels what was being read moved when more came above it.
_SCROLL_UP = """async () => {
  const scroller = document.getElementById("scroller"), log = document.getElementById("log");
  if (!log.querySelector(".earlier")) return 0;
  const before = log.querySelectorAll(".turn").length;
  scroller.scrollTop = 300;
  await new Promise(requestAnimationFrame);
  const top = scroller.getBoundingClientRect().top;
  const read = [...log.querySelectorAll(".turn")].find((turn) => turn.getBoundingClientRect().bottom > top);
  const place = read.getBoundingClientRect().top;
  while (log.querySelectorAll(".turn").length === before) await new Promise(requestAnimationFrame);
  return read.getBoundingClientRect().top - place;
}"""

_FRAMES = 60
# Scrolls all the way down in so many steps, and up again.
_SCROLL_DOWN = """async () => {
  const scroller = document.getElementById("scroller");
  for (let step = 1; step <= FRAMES; step++) {
    scroller.scrollTop = (scroller.scrollHeight * step) / FRAMES;
    await new Promise(requestAnimationFrame);
  }
  scroller.scrollTop = 0;
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}""".replace("FRAMES", str(_FRAMES))


async def work(tab: Tab, script: str) -> float:
    """Seconds of a processor that the page's own thread spends while a script runs, whatever else the machine does."""
    browser = await tab.page.context.new_cdp_session(tab.page)
    await browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def spent() -> float:
        told = await browser.send("Performance.getMetrics")
        return next(float(metric["value"]) for metric in told["metrics"] if metric["name"] == "TaskDuration")

    before = await spent()
    await tab.page.evaluate(script)
    return await spent() - before


async def test_what_is_typed_before_the_program_has_come_is_kept(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open("about:blank")
    tab.host = site.masterx.url.removeprefix("http://")
    await tab.page.route("**/chat.js", lambda route: _later(tab, route))
    await tab.page.goto(site.masterx.url)
    await tab.ready()
    await expect(tab.page.locator("#message")).to_have_value("early bird")


async def _later(tab: Tab, route: Route) -> None:
    await tab.page.fill("#message", "early bird")
    await route.continue_()
