"""The chat page when the connection, the service, the network or the key goes: no text is lost, it says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.e2e.browser import Site, Tabs
from tests.e2e.service import PATIENCE, Masterx, begun, cli, closed
from tests.mongod import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

BROKEN = "Failed to load resource"
LINES = "".join(f"Line {number}. " for number in range(100))
HALF = 60
"""Where a provider stops in the middle of them."""


@asynccontextmanager
async def own_service(site: Site, folder: Path, **settings: str) -> AsyncIterator[Masterx]:
    """A service of a test's own, at one address however often it is started, with the provider of the site."""
    asks = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": site.provider.url("openai")}
    async with Masterx(folder, asks | settings, "--port", str(free_port())) as masterx:
        yield masterx


async def test_a_reload_in_mid_stream_loses_no_text(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text=LINES, stop=HALF)
    tab = await tabs.open(site.at(session), site.learner)
    await tab.ask("Count")
    await expect(tab.answer()).to_contain_text("Line 15.")
    await tab.reload()
    await expect(tab.answer()).to_contain_text("Line 20.")
    await expect(tab.page.locator("#message")).to_have_value("")
    await expect(tab.page.locator("#stop")).to_be_visible()
    site.provider.go_on()
    await tab.told("Line 99.")
    assert (await tab.answer().inner_text()).strip() == LINES.strip()
    await expect(tab.page.locator(".turn")).to_have_count(1)
    assert len(await site.masterx.turns(session)) == 1


async def test_leaving_a_session_and_coming_back_takes_the_answer_up(site: Site, tabs: Tabs) -> None:
    session, other = await site.session(title="This one"), await site.session(title="Another")
    site.provider.script(text=LINES, stop=HALF)
    tab = await tabs.open(site.at(session), site.learner)
    await tab.ask("Count")
    await expect(tab.answer()).to_contain_text("Line 9.")
    await tab.page.get_by_role("link", name="Another").click()
    await expect(tab.page.locator(".turn")).to_have_count(0)
    await tab.page.fill("#message", "half a thought")
    await tab.page.get_by_role("link", name="This one").click()
    await expect(tab.answer()).to_contain_text("Line 9.")
    site.provider.go_on()
    await tab.told("Line 99.")
    assert (await tab.answer().inner_text()).strip() == LINES.strip()
    await tab.page.goto(site.at(other))
    await expect(tab.page.locator("#message")).to_have_value("half a thought")
    await tab.reload()
    await expect(tab.page.locator("#message")).to_have_value("half a thought")


async def test_a_message_that_is_sent_while_its_session_is_being_loaded_waits_for_it(site: Site, tabs: Tabs) -> None:
    session, loaded = await site.session(), asyncio.Event()
    site.provider.script(text="Here I am.")
    tab = await tabs.open("about:blank")
    tab.host = site.masterx.url.removeprefix("http://")

    async def hold(route: Route) -> None:
        await loaded.wait()
        await route.continue_()

    await tab.page.route(f"**/v1/sessions/{session}", hold)
    await tab.page.goto(site.at(session))
    await tab.ready()
    await tab.ask("Too early?")
    loaded.set()
    await tab.told("Here I am.")
    assert len(await site.masterx.turns(session)) == 1


async def test_a_service_that_is_killed_and_started_again_is_found_again(
    site: Site, tabs: Tabs, tmp_path: Path
) -> None:
    async with own_service(site, tmp_path) as masterx:
        session = await masterx.session(site.learner)
        site.provider.script(text=LINES, stop=HALF)
        tab = await tabs.open(f"{masterx.url}/#/s/{session}", site.learner)
        tab.expected.append(f"{BROKEN}.*(ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY)")
        await tab.ask("Count")
        await expect(tab.answer()).to_contain_text("Line 9.")
        await masterx.kill()
        await expect(tab.page.locator("#status")).to_contain_text("Nothing is lost")
        await expect(tab.answer()).to_contain_text("Line 9.")
        seen = (await tab.answer().inner_text()).strip()
        await masterx.start()
        await expect(tab.page.locator(".end.bad")).to_contain_text("The answer broke off")
        kept = await closed(masterx, session)
        assert kept["state"] == "incomplete"
        assert kept["reply"].startswith(seen)
        assert (await tab.answer().inner_text()).strip() == kept["reply"].strip()
        await expect(tab.page.locator("#status")).to_have_text("")
        site.provider.reset()
        await tab.page.get_by_role("button", name="Try again").click()
        await tab.told("What would you try first?")


async def test_a_service_that_is_away_for_a_moment_gets_the_message_all_the_same(
    site: Site, tabs: Tabs, tmp_path: Path
) -> None:
    async with own_service(site, tmp_path) as masterx:
        session = await masterx.session(site.learner)
        tab = await tabs.open(f"{masterx.url}/#/s/{session}", site.learner)
        tab.expected.append(BROKEN)
        await expect(tab.page.locator("#title")).to_have_text("Untitled session")
        await masterx.kill()
        await tab.ask("Are you there?")
        await expect(tab.page.locator("#status")).to_contain_text("cannot be reached")
        await tab.page.click("#stop")
        await expect(tab.page.locator("#message")).to_have_value("Are you there?")
        await tab.page.click("#send")
        await expect(tab.page.locator("#status")).to_contain_text("Trying again")
        await masterx.start()
        await tab.told("What would you try first?")
        assert len(await masterx.turns(session)) == 1
        await tab.reload()
        await expect(tab.page.locator("#message")).to_have_value("")


async def test_an_offline_browser_is_told_so_and_goes_on_by_itself(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    tab = await tabs.open(site.at(session), site.learner)
    tab.expected.append(f"{BROKEN}.*ERR_INTERNET_DISCONNECTED")
    await expect(tab.page.locator("#title")).to_have_text("Untitled session")
    await tab.page.context.set_offline(True)
    await expect(tab.page.locator("#status")).to_contain_text("You are offline")
    await tab.ask("Hello?")
    await expect(tab.page.locator("#status")).to_contain_text("Trying again")
    await tab.page.context.set_offline(False)
    await tab.told("What would you try first?")
    assert len(await site.masterx.turns(session)) == 1


async def test_a_second_tab_is_told_that_the_session_is_busy_and_follows_the_answer(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    await site.masterx.ask(session, "Hello")
    site.provider.script(text=LINES, stop=HALF)
    first = await tabs.open(site.at(session), site.learner)
    second = await tabs.beside(first.page.context, site.at(session))
    second.expected.append(f"{BROKEN}.*409")
    await expect(second.page.locator(".turn")).to_have_count(1)
    await first.ask("Count")
    await expect(first.answer()).to_contain_text("Line 5.")
    await second.ask("Me too")
    await expect(second.page.locator("#status")).to_contain_text("still being written in this session")
    await expect(second.page.locator("#message")).to_have_value("Me too")
    site.provider.go_on()
    await second.told("Line 99.")
    await first.told("Line 99.")
    site.provider.reset()
    await second.page.press("#message", "Enter")
    await second.told("What would you try first?")
    assert [turn["message"] for turn in await site.masterx.turns(session)] == ["Me too", "Count", "Hello"]


async def test_a_service_that_wants_a_key_gets_one_from_a_form(site: Site, tabs: Tabs, tmp_path: Path) -> None:
    async with own_service(site, tmp_path, MASTERX_AUTH="required") as masterx:
        _, key, _ = await cli(masterx.folder, masterx.environment, "keys", "create", "--role", "service")
        tab = await tabs.open(masterx.url, site.learner)
        tab.expected.append(f"{BROKEN}.*(401|422)")
        await expect(tab.page.get_by_role("heading", name="An API key, please")).to_be_visible()
        await tab.page.fill("dialog input", "mx_wrong")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("dialog .wrong")).to_contain_text("this API key is not valid", ignore_case=True)
        await tab.page.fill("dialog input", key.strip())
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("dialog")).to_have_count(0)
        await tab.ask("Hello")
        await tab.told("What would you try first?")
        await tab.reload()
        await tab.told("What would you try first?")
        stored = await tab.page.evaluate("Object.values(localStorage).join()")
        assert key.strip() not in stored


async def test_a_session_that_is_not_there_is_said_to_be_so(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open(site.at("0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77"), site.learner)
    tab.expected.append(f"{BROKEN}.*404")
    await expect(tab.page.locator("#notice")).to_contain_text("There is no such session")
    await tab.page.locator("#notice").get_by_role("link", name="New session").click()
    await expect(tab.page.locator("#welcome")).to_be_visible()


async def test_what_the_service_refuses_is_told_in_its_words_and_can_be_edited(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    tab = await tabs.open(site.at(session), site.learner)
    tab.expected.append(f"{BROKEN}.*422")
    await expect(tab.page.locator("#title")).to_have_text("Untitled session")
    await tab.page.evaluate("document.getElementById('message').value = 'a\\u0000b'")
    await tab.page.press("#message", "Enter")
    await expect(tab.page.locator(".end.bad")).to_contain_text("The request is not valid")
    await expect(tab.page.locator(".end.bad")).to_contain_text("U+0000")
    await tab.page.get_by_role("button", name="Edit it").click()
    await expect(tab.page.locator(".turn")).to_have_count(0)
    await tab.ask("ab")
    await tab.told("What would you try first?")


async def test_an_answer_that_is_written_elsewhere_appears_when_it_is_done(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text="Done.", stop=0)
    asked = asyncio.create_task(site.masterx.ask(session, "Not as a stream"))
    await begun(site.masterx, session)
    tab = await tabs.open(site.at(session), site.learner)
    tab.expected.append(f"{BROKEN}.*409")
    await expect(tab.page.locator("#status")).to_contain_text("written elsewhere")
    await site.provider.asked(1)
    site.provider.go_on()
    await tab.told("Done.")
    assert (await asked)[0] == 200


async def test_a_learners_own_key_brings_its_learner(site: Site, tabs: Tabs, tmp_path: Path) -> None:
    async with own_service(site, tmp_path, MASTERX_AUTH="required", OPENAI_API_KEY="") as masterx:
        role = ("--role", "learner", "--learner", "grace")
        _, key, _ = await cli(masterx.folder, masterx.environment, "keys", "create", *role)
        tab = await tabs.open(masterx.url)
        tab.expected.append(f"{BROKEN}.*(401|404|422)")
        await tab.page.fill("dialog input", key.strip())
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("dialog")).to_have_count(0)
        await tab.ask("Hello")
        await expect(tab.page.locator("#status")).to_contain_text("use that learner’s name")
        await expect(tab.page.locator("#message")).to_have_value("Hello")
        await tab.page.click("#learner")
        await tab.page.fill("dialog input", "grace")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("dialog")).to_have_count(0)
        await tab.page.click("#send")
        await expect(tab.page.locator(".facts")).to_contain_text("offline tutor")


class Wire:
    """A connection to a service that can be cut; what goes through it is counted."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, set[asyncio.StreamWriter]()
        self._carrying = set[asyncio.Task[None]]()
        self.paths: list[bytes] = []

    async def listen(self) -> str:
        """Its address."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Resets every connection that is open."""
        for writer in list(self._open):
            writer.transport.abort()

    def taken_up(self) -> list[bytes]:
        """The requests that took an answer up."""
        return [sent for sent in self.paths if b"/stream HTTP" in sent]

    async def close(self) -> None:
        """Ends all."""
        self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The loop itself holds on to no task: one that is forgotten may be collected while it waits.
        self._carrying.add(asyncio.get_running_loop().create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back, True), self._pump(there, writer, False))
        except OSError:
            pass  # it was cut
        finally:
            self._open -= {writer, back}
            for end in (writer, back):
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, note: bool) -> None:
        while data := await source.read(1 << 16):
            if note:
                self.paths.append(data)
            to.write(data)
            await to.drain()
        to.close()


async def test_a_connection_that_breaks_is_taken_up_where_it_broke(site: Site, tabs: Tabs) -> None:
    session = await site.session()
    site.provider.script(text=LINES, stop=HALF)
    wire = Wire(int(site.masterx.url.rpartition(":")[2]))
    url = await wire.listen()
    tab = await tabs.open(f"{url}/#/s/{session}", site.learner)
    tab.expected.append(f"{BROKEN}.*ERR_")
    await tab.ask("Count")
    await expect(tab.answer()).to_contain_text("Line 9.")
    for times in (1, 2):
        wire.cut()
        async with asyncio.timeout(PATIENCE):
            while len(wire.taken_up()) < times:
                await asyncio.sleep(0.02)
    site.provider.go_on()
    await tab.told("Line 99.")
    assert (await tab.answer().inner_text()).strip() == LINES.strip()
    assert all(b"last-event-id: " in sent.lower() for sent in wire.taken_up())
    assert len(site.provider.requests) == 1
    await wire.close()


async def test_a_message_that_nobody_has_taken_yet_is_a_draft_when_one_comes_back(site: Site, tabs: Tabs) -> None:
    session = await site.session(title="This one")
    await site.session(title="Another")
    tab = await tabs.open(site.at(session), site.learner)
    await expect(tab.page.locator("#title")).to_have_text("This one")
    held: list[Route] = []
    await tab.page.route("**/turns", lambda route: held.append(route) if route.request.method == "POST" else None)
    await tab.ask("Do not lose me")
    await expect(tab.page.locator(".turn")).to_have_count(1)
    await tab.page.get_by_role("link", name="Another").click()
    await expect(tab.page.locator(".turn")).to_have_count(0)
    await expect(tab.page.locator("#message")).to_have_value("")
    await tab.page.unroute("**/turns")
    await tab.page.get_by_role("link", name="This one").click()
    await expect(tab.page.locator("#message")).to_have_value("Do not lose me")
    await tab.page.click("#send")
    await tab.told("What would you try first?")
    await tab.reload()
    await expect(tab.page.locator("#message")).to_have_value("")
    assert len(held) == 1
