"""The page's files as they are served: guarded, cached by their content, and nothing else."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import yarl
from playwright.async_api import expect

from app.web import pages
from tests.e2e.browser import Site, Tabs

served = pytest.mark.asyncio(loop_scope="session")

STATIC = Path(pages.__file__).parent / "static"
MODULES = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)


async def raw(site: Site, path: str, **headers: str) -> tuple[int, aiohttp.ClientResponse, bytes]:
    """A path exactly as it is written."""
    url = yarl.URL(site.masterx.url + path, encoded=True)
    async with site.masterx.http.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()}) as answer:
        return answer.status, answer, await answer.read()


@pytest.mark.parametrize(("address", "count"), [("/", 4), ("/dashboard", 6)])
@served
async def test_a_page_and_its_files_carry_their_guards(site: Site, address: str, count: int) -> None:
    _, _, page = await raw(site, address)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    assert len(files) == count
    for path in (address, *files):
        status, answer, body = await raw(site, path)
        assert (status, bool(body)) == (200, True), path
        assert answer.headers["Content-Security-Policy"] == pages.POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert b"<style" not in page
    assert not re.search(rb"<script(?! [^>]*src=)|style=|\son\w+=|https?://", page)


@served
async def test_files_are_kept_by_their_content(site: Site) -> None:
    _, first, page = await raw(site, "/")
    assert first.headers["Cache-Control"] == "no-cache"
    async with site.masterx.http.head(site.masterx.url) as head:
        assert (head.status, head.headers["ETag"]) == (200, first.headers["ETag"])
    status, _, body = await raw(site, "/", If_None_Match=first.headers["ETag"])
    assert (status, body) == (304, b"")
    found = re.search(r'"(/static/[^"]+/first\.js)"', page.decode())
    assert found
    _, script, _ = await raw(site, found[1])
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Type"].startswith("text/javascript")
    _, old, _ = await raw(site, "/static/0123456789ab/first.js")
    assert (old.status, old.headers["Cache-Control"]) == (200, "no-cache")
    assert (await raw(site, "/static/0123456789ab/first.js", If_None_Match=old.headers["ETag"]))[0] == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/v/../../pages.py",
        "/static/v/..%2f..%2fpages.py",
        "/static/v/%2e%2e/%2e%2e/pages.py",
        "/static/v//etc/passwd",
        "/static/v/....//pages.py",
        "/static/v/chat.js%00.css",
        "/static/v/vendor/README.md",
        "/static/v/vendor/",
        "/static/v/",
        "/static/v",
        "/static/",
        "/static/v/" + "a" * 5_000,
    ],
)
@served
async def test_no_path_leads_anywhere_else(site: Site, path: str) -> None:
    status, answer, _ = await raw(site, path)
    assert status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@served
async def test_the_reference_is_drawn_from_our_own_files(site: Site, tabs: Tabs) -> None:
    tab = await tabs.open("about:blank")
    tab.host = urlsplit(site.masterx.url).netloc
    await tab.page.goto(f"{site.masterx.url}/docs")
    await expect(tab.page.locator(".opblock-summary-path", has_text="/v1/chat/completions")).to_be_visible()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_a_module_is_small_and_reads_nothing_as_html(module: Path) -> None:
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    assert text.startswith("/*")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://(?!www\.w3)", text)


def test_every_vendored_library_has_its_licence_and_is_named() -> None:
    named = (STATIC / "vendor" / "README.md").read_text("utf-8")
    for folder in sorted(path for path in (STATIC / "vendor").iterdir() if path.is_dir()):
        assert (folder / "LICENSE").read_text("utf-8").strip()
        assert f"`{folder.name}/`" in named
