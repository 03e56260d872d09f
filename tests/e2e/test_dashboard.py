"""The dashboard in a real browser, with real turns: first glance, figures, providers that die, a service that does."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.e2e.browser import Tab, Tabs
from tests.e2e.hostile import LINES
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx, cli
from tests.e2e.test_page_access import findings
from tests.e2e.two import Two, catalogue
from tests.mongod import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

BROKEN = "Failed to load resource|WebSocket connection"
_SCREEN = {"width": 1280, "height": 720}
_PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    """One service over two providers for all tests here, at one address however often it is started."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    async with MisbehavingProvider() as first, MisbehavingProvider() as second:
        (folder / "alerts.toml").write_text("[breaker]\nminutes = 0")
        settings = {"OPENAI_API_KEY": "sk-test", "MASTERX_PROVIDERS": catalogue(folder, first, second)}
        settings["MASTERX_ALERTS"] = str(folder / "alerts.toml")
        async with Masterx(folder, settings, "--port", str(free_port())) as masterx:
            yield Two(masterx, first, second)


async def dashboard(two: Two, tabs: Tabs, **options: Any) -> Tab:
    """The page, in a profile of its own, connected."""
    tab = await tabs.open(f"{two.masterx.url}/dashboard", **options)
    await expect(tab.page.locator("#connection-text")).to_have_text("Live")
    return tab


def tile(page: Page, name: str) -> Any:
    """A figure of the page, by its name."""
    return page.locator(".tile", has=page.get_by_text(name, exact=True)).locator(".big")


def row(page: Page, provider: str) -> Any:
    """What the page says of a provider."""
    return page.locator(".models tbody tr", has=page.get_by_text(provider, exact=True))


async def test_before_the_first_turn_it_says_what_to_do_and_after_it_what_came_of_it(two: Two, tabs: Tabs) -> None:
    assert f"Dashboard  {two.masterx.url}/dashboard" in two.masterx.banner
    tab = await dashboard(two, tabs)
    page = tab.page
    await page.keyboard.press("1")
    await expect(page.locator("#state-title")).to_contain_text("Healthy since")
    await expect(page.locator("#no-turns")).to_contain_text(f"curl {two.masterx.url}/v1/chat/completions")
    await expect(tile(page, "First word, p95")).to_have_text("–")
    for _ in range(3):
        await two.ask()
    await expect(tile(page, "First word, p95")).to_have_text(re.compile(r"\d+\sms"))
    await expect(page.locator("#no-turns")).to_be_hidden()
    await expect(row(page, "first")).to_contain_text("closed")
    await expect(page.locator(".chart h3").first).to_have_text("Turns a minute")


async def test_a_provider_that_dies_is_an_alert_with_what_to_do_about_it(two: Two, tabs: Tabs) -> None:
    tab = await dashboard(two, tabs)
    two.first.script(fault="503")
    for _ in range(11):
        await two.ask()
    two.first.reset()
    await expect(row(tab.page, "first").locator("[data-level=down]")).to_contain_text("open, tried again in")
    await expect(tab.page.locator("#state-title")).to_contain_text("Degraded")
    await expect(tab.page.locator("#state-why")).to_contain_text("is left alone by its breaker")
    card = tab.page.locator(".card")
    await expect(card.locator("h3")).to_contain_text("first")
    await expect(card.locator(".causes li").first).to_contain_text("first")
    await card.get_by_role("button", name="Open provider").click()
    await expect(row(tab.page, "first")).to_be_focused()
    await card.get_by_role("button", name="Quiet for an hour").click()
    await expect(card.locator(".severity")).to_contain_text("quiet")
    await expect(card.get_by_role("button", name="Quiet for an hour")).to_be_hidden()
    await tab.page.get_by_role("button", name="Reset the breaker of first").click()
    await expect(row(tab.page, "first").locator("[data-level=ok]")).to_have_text("closed")
    await expect(tab.page.get_by_role("button", name="Reset the breaker of first")).to_be_hidden()


async def test_it_says_that_the_service_is_gone_and_comes_back_with_it(two: Two, tabs: Tabs) -> None:
    tab = await dashboard(two, tabs)
    tab.expected.append(BROKEN)
    await expect(tab.page.locator("#state-title")).to_contain_text("Healthy")
    await two.masterx.kill()
    await expect(tab.page.locator("#state-title")).to_contain_text("No connection since")
    await expect(tab.page.locator("#connection")).to_contain_text("No connection.")
    await two.masterx.start()
    await tab.page.get_by_role("button", name="Try now").click()
    await expect(tab.page.locator("#state-title")).to_contain_text("Healthy")
    await expect(tab.page.locator("#connection-text")).to_have_text("Live")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", **_PHONE}], ids=["light", "phone in the dark"])
async def test_it_is_for_everybody(two: Two, tabs: Tabs, options: dict[str, Any]) -> None:
    await two.ask()
    tab = await dashboard(two, tabs, **options)
    page = tab.page
    await page.route("**/v1/alerts", lambda route: route.fulfill(json={"data": [alert("Slow")]}))
    await page.reload()
    await expect(page.locator(".card")).to_be_visible()
    await expect(row(page, "first")).to_be_visible()
    await expect(page.locator(".chart:not([data-empty]) canvas").first).to_be_visible()
    assert await findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= options.get("viewport", _SCREEN)["width"]
    await page.keyboard.press("?")
    await expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    if not options:
        assert await findings(page) == []


async def test_all_can_be_done_by_keyboard(two: Two, tabs: Tabs) -> None:
    await two.ask()
    tab = await dashboard(two, tabs)
    page, keys = tab.page, tab.page.keyboard
    await keys.press("p")
    await expect(page.locator("#providers")).to_be_focused()
    await keys.press("4")
    await expect(page.get_by_label("24 h")).to_be_checked()
    await keys.press("1")
    await expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    await expect(page.locator(".chart:not([data-empty]) .plot").first).to_be_visible()
    await keys.press("c")
    await expect(page.locator(".plot").first).to_be_focused()
    await keys.press("ArrowLeft")
    await expect(page.locator("#announcer")).to_contain_text("turns")
    await keys.press("?")
    await page.get_by_label("Single keys do these things").uncheck()
    await keys.press("Escape")
    await keys.press("p")
    await expect(page.locator("#providers")).not_to_be_focused()


async def test_names_and_texts_of_others_are_text(two: Two, tabs: Tabs) -> None:
    hostile = "".join(LINES)
    tab = await tabs.open("about:blank")
    tab.host = two.masterx.url.removeprefix("http://")
    tab.expected.append(BROKEN)
    page = tab.page

    async def figures(route: Route) -> None:
        given = await route.fetch()
        named = {"provider": hostile, "model": hostile, "calls": 1}
        found = await given.json() | {"workspace": hostile, "providers": [named], "affect": {hostile: 3}}
        found["context"] = {"layers": [{"name": hostile, "tokens": 1, "full_tokens": 2}]}
        await route.fulfill(json=found)

    trial = {"id": "x", "name": hostile, "control": hostile, "results": {"contrasts": [{"arm": hostile}]}}
    # Without a live connection, which would tell figures of its own.
    await page.route_web_socket(re.compile("/v1/live"), lambda socket: socket.close())
    await page.route("**/v1/metrics*", figures)
    await page.route("**/v1/alerts", lambda route: route.fulfill(json={"data": [alert(hostile)]}))
    await page.route("**/v1/experiments?*", lambda route: route.fulfill(json={"data": [trial]}))
    await page.route("**/v1/experiments/x", lambda route: route.fulfill(json=trial))
    await page.goto(f"{two.masterx.url}/dashboard")
    await expect(page.locator(".card h3")).to_have_text(hostile)
    await expect(page.locator("#workspace")).to_have_text(hostile)
    await expect(page.locator(".models tbody")).to_contain_text(hostile)
    await expect(page.locator(".trial h3")).to_have_text(hostile)
    made = await page.evaluate("[...new Set([...document.querySelectorAll('main *')].map((one) => one.localName))]")
    assert not {"script", "img", "iframe", "object", "embed", "style", "form", "math", "video", "base"} & set(made)


async def test_where_keys_are_required_it_asks_for_one_of_an_operator(
    tmp_path_factory: pytest.TempPathFactory, tabs: Tabs
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    learners = (await cli(folder, {}, "keys", "create", "--role", "learner", "--learner", "ada"))[1].split()
    operators = (await cli(folder, {}, "keys", "create", "--role", "operator"))[1].split()
    async with Masterx(folder, {"MASTERX_AUTH": "required"}) as masterx:
        tab = await tabs.open(f"{masterx.url}/dashboard")
        tab.expected.append(BROKEN)
        await tab.page.get_by_role("textbox", name="An API key, please").fill(secret(learners))
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("#notice")).to_contain_text("operator")
        await tab.page.get_by_role("button", name="Use another key").click()
        await tab.page.get_by_role("textbox", name="An API key, please").fill(secret(operators))
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("#notice")).to_be_empty()
        await expect(tab.page.locator("#no-turns")).to_contain_text("YOUR_KEY")


# Runs in the page: what its connection makes of frames, and of RFC 7396's own examples (appendix A).
_LIVE = """async () => {
  const { patched, Channel, waitBefore } = await import("/static/v/dashboard/live.js");
  const cases = [
    [{ a: "b" }, { a: "c" }], [{ a: "b" }, { b: "c" }], [{ a: "b" }, { a: null }], [{ a: "b", b: "c" }, { a: null }],
    [{ a: ["b"] }, { a: "c" }], [{ a: "c" }, { a: ["b"] }], [{ a: { b: "c" } }, { a: { b: "d", c: null } }],
    [{ a: [{ b: "c" }] }, { a: [1] }], [["a", "b"], ["c", "d"]], [{ a: "b" }, ["c"]], [{ e: null }, { a: 1 }],
    [[1, 2], { a: "b", c: null }], [{}, { a: { bb: { ccc: null } } }],
  ];
  const hostile = patched({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  const channel = new Channel();
  const heard = [
    { type: "delta", epoch: "a", seq: 4, data: {} },
    { type: "snapshot", epoch: "a", seq: 4, data: { x: 1, y: 1 } },
    { type: "delta", epoch: "a", seq: 5, data: { x: 2 } },
    { type: "delta", epoch: "a", seq: 5, data: { x: 9 } },
    { type: "delta", epoch: "a", seq: 8, after: 5, data: { y: null } },
    { type: "delta", epoch: "a", seq: 10, data: { x: 3 } },
    { type: "delta", epoch: "b", seq: 9, data: { x: 3 } },
  ].map((frame) => channel.hear(frame));
  return {
    patched: cases.map(([target, patch]) => patched(target, patch)),
    polluted: {}.polluted ?? Object.getPrototypeOf(hostile) !== Object.prototype,
    heard, data: channel.data, seq: channel.seq,
    waits: [waitBefore(0, () => 0), waitBefore(0, () => 1), waitBefore(50, () => 0.5)],
  };
}"""


async def test_a_live_channel_is_rebuilt_exactly_or_asked_for_anew(two: Two, tabs: Tabs) -> None:
    tab = await dashboard(two, tabs)
    found = await tab.page.evaluate(_LIVE)
    assert found["patched"] == [
        *({"a": "c"}, {"a": "b", "b": "c"}, {}, {"b": "c"}, {"a": "c"}, {"a": ["b"]}, {"a": {"b": "d"}}),
        *({"a": [1]}, ["c", "d"], ["c"], {"e": None, "a": 1}, {"a": "b"}, {"a": {"bb": {}}}),
    ]
    assert found["polluted"] is False
    assert found["heard"] == [False, True, True, True, True, False, False]
    assert (found["data"], found["seq"]) == ({"x": 2}, 8)
    assert found["waits"] == [250, 750, 30_000]


async def test_a_live_connection_that_broke_is_taken_up_where_it_was(two: Two, tabs: Tabs) -> None:
    said: list[dict[str, Any]] = []

    def part(status: str) -> dict[str, Any]:
        return {"status": status, "parts": {"engine": {"status": status}}}

    def hear(socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        said.append(frame)
        told = {"channel": "health", "epoch": "e"}
        if frame == {"type": "subscribe", "channels": ["health"]}:
            socket.send(json.dumps({**told, "type": "snapshot", "seq": 7, "data": part("ok")}))
            socket.send(json.dumps({**told, "type": "delta", "seq": 8, "data": part("down")}))
        elif frame["type"] == "resume":
            socket.send(json.dumps({**told, "type": "delta", "seq": 11, "after": 8, "data": part("degraded")}))

    def serve(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.on_message(lambda message: hear(socket, json.loads(message)))

    sockets: list[WebSocketRoute] = []
    tab = await tabs.open("about:blank")
    tab.host = two.masterx.url.removeprefix("http://")
    tab.expected.append(BROKEN)
    await tab.page.route("**/health", lambda route: route.fulfill(json=part("ok")))
    await tab.page.route("**/v1/live:ticket", lambda route: route.fulfill(status=201, json={"ticket": "t"}))
    await tab.page.route_web_socket(re.compile("/v1/live[?]ticket=t$"), serve)
    await tab.page.goto(f"{two.masterx.url}/dashboard")
    await expect(tab.page.locator("#parts .how")).to_have_text("down")
    await expect(tab.page.locator("#connection-text")).to_have_text("Live")
    await sockets[0].close(code=1012)
    await expect(tab.page.locator("#parts .how")).to_have_text("degraded")
    assert {"type": "resume", "channel": "health", "epoch": "e", "seq": 8} in said


def alert(text: str) -> dict[str, Any]:
    """An alert that is open, with this text wherever it has one."""
    cause = {"what": text, "share": 0.8, "evidence": text, "advice": text}
    return {
        "id": "a",
        "rule": "latency",
        "title": text,
        "severity": "page",
        "state": "open",
        "subject": text,
        "opened_at": "2026-11-21T10:00:00Z",
        "since": "2026-11-21T10:00:00Z",
        "closed_at": None,
        "unit": text,
        "observed": 2.0,
        "expected": [0, 1],
        "count": 2,
        "causes": [cause],
        "advice": text,
        "grouped": [],
        "workspace": text,
    }


def secret(told: list[str]) -> str:
    """The key in what `masterx keys create` prints."""
    return next(word for word in told if word.startswith("mx_"))
