"""The teacher's view in a real browser, after real answers: the class, a learner, and what a teacher is not told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.browser import Tab, Tabs
from tests.e2e.policies import changed
from tests.e2e.service import Masterx, cli
from tests.e2e.test_affect import WANTED
from tests.e2e.test_page_access import findings

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;<td>\u202e..?#%41"
_PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
_BROKEN = "Failed to load resource"


@dataclass
class School:
    """A service that asks for keys and reads how learners feel, with the keys by role."""

    masterx: Masterx
    keys: dict[str, str]

    async def call(self, role: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """A call with the key of a role."""
        return await self.masterx.call(method, path, body, authorization=f"Bearer {self.keys[role]}")

    async def grade(self, learner: str, *given: dict[str, Any]) -> None:
        """Graded answers of a learner."""
        path = f"/v1/learners/{quote(learner)}/answers"
        status, body = await self.call("service", "POST", path, {"answers": [*given]})
        assert status == 200, body


def answer(skill: str, item: str, *, correct: bool) -> dict[str, Any]:
    return {"skill": skill, "item": item, "correct": correct}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    """One service for all tests here, with a class that is stuck on one item."""
    folder, keys = tmp_path_factory.mktemp("teach"), dict[str, str]()
    for role, more in {"learner": ("--learner", "ada"), "teacher": (), "service": ()}.items():
        _, out, _ = await cli(folder, {}, "keys", "create", "--role", role, *more)
        keys[role] = next(word for word in out.split() if word.startswith("mx_"))
    settings = {"MASTERX_AUTH": "required", "MASTERX_POLICY": changed(folder, WANTED)}
    async with Masterx(folder, settings) as masterx:
        made = School(masterx, keys)
        for n in range(5):
            right = [answer("fractions", f"1/{n + 2}", correct=True)] * (2 + n)
            await made.grade(f"learner {n}", *right, answer("fractions", "3/4", correct=n > 2))
        await made.grade("ada", *[answer("algebra", "3x+5=20", correct=False)] * 4)
        yield made


async def teach(school: School, tabs: Tabs, role: str = "teacher", **options: Any) -> Tab:
    """The page, in a profile of its own, with the key of a role."""
    tab = await tabs.open(f"{school.masterx.url}/teach", **options)
    tab.expected.append(_BROKEN)
    await tab.page.get_by_role("textbox", name="An API key, please").fill(school.keys[role])
    await tab.page.keyboard.press("Enter")
    return tab


async def test_a_teacher_sees_who_is_stuck_and_the_answers_behind_it(school: School, tabs: Tabs) -> None:
    assert f"Teach      {school.masterx.url}/teach" in school.masterx.banner
    page = (await teach(school, tabs)).page
    await expect(page.locator("#tiles")).to_contain_text("6 answered in the last 7 days")
    await expect(page.locator("#stuck-list li")).to_contain_text(
        "algebra: 4 wrong answers in a row, the last one on 3x+5=20"
    )
    await expect(page.locator("#missed-list li").first).to_contain_text("3 wrong answers of 5 by 3 learners")
    await expect(page.locator("#skill-list li").first).to_contain_text("1 weak, 0 growing, 0 strong, 1 stuck")
    await page.get_by_role("button", name="Mastery").click()
    await expect(page.locator("#rows th").first).to_have_text("ada")
    await page.get_by_label("Name contains").fill("LEARNER 3")
    await expect(page.locator("#rows tr")).to_have_count(1)
    await page.get_by_label("Name contains").fill("")
    await page.locator("#stuck-list").get_by_role("link", name="ada").click()
    await expect(page.locator("h1")).to_have_text("ada")
    await expect(page.locator("#learner")).to_contain_text("4 answers in the last 7 days, 4 wrong")
    await expect(page.locator("#learner .not-right")).to_have_count(4)
    await page.keyboard.press("c")
    await expect(page.locator("#rows tr")).to_have_count(6)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", **_PHONE}], ids=["light", "phone in the dark"])
async def test_it_is_for_everybody(school: School, tabs: Tabs, options: dict[str, Any]) -> None:
    page = (await teach(school, tabs, **options)).page
    await expect(page.locator("#rows tr").first).to_be_visible()
    assert await findings(page) == []
    width = options.get("viewport", {"width": 1280})["width"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.goto(f"{school.masterx.url}/teach#/l/ada")
    await expect(page.locator("#learner .not-right").first).to_be_visible()
    assert await findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_names_and_items_of_others_are_text(school: School, tabs: Tabs) -> None:
    await school.grade(HOSTILE, *[answer(HOSTILE, HOSTILE, correct=False)] * 3)
    async with asyncio.timeout(30):  # a class is told again as it was for some seconds
        while not (await school.call("teacher", "GET", f"/v1/class/learners?q={quote(HOSTILE)}"))[1]["data"]:
            await asyncio.sleep(0.05)
    page = (await teach(school, tabs)).page
    await page.locator("#rows").get_by_role("link", name=HOSTILE).click()
    await expect(page.locator("h1")).to_have_text(HOSTILE)
    await expect(page.locator("#learner .not-right")).to_have_count(3)
    assert await page.locator("main :is(img, script, iframe)").count() == 0


async def test_a_learner_sees_no_class_and_no_other_learner(school: School, tabs: Tabs) -> None:
    for path in ("/v1/class", "/v1/class/learners"):
        assert (await school.call("learner", "GET", path))[0] == 403
    assert (await school.call("learner", "GET", "/v1/learners/ada/answers"))[0] == 200
    assert (await school.call("learner", "GET", "/v1/learners/learner%201/answers"))[0] == 404
    page = (await teach(school, tabs, "learner")).page
    await expect(page.locator("#notice")).to_contain_text("a teacher's key is needed", ignore_case=True)
    await expect(page.locator("#class")).to_be_hidden()


async def test_a_teacher_is_not_told_how_a_learner_feels_unless_the_workspace_says_so(school: School) -> None:
    _, session = await school.call("service", "POST", "/v1/sessions", {"learner_id": "ben"})
    path = f"/v1/sessions/{session['id']}/turns"
    _, turn = await school.call("service", "POST", path, {"message": "ugh, this is so annoying, I hate fractions"})
    assert turn["reading"]["affect"]["label"] == "frustration"
    _, felt = await school.call("service", "GET", "/v1/learners/ben/affect")
    assert felt["data"]
    _, told = await school.call("teacher", "GET", "/v1/learners/ben/affect")
    assert told == {"now": None, "data": [], "next_cursor": None}
    for where in (path, f"/v1/turns/{turn['id']}"):
        _, seen = await school.call("teacher", "GET", where)
        assert (seen["data"][0] if "data" in seen else seen)["reading"]["affect"]["label"] is None
    _, found = await school.call("teacher", "GET", "/v1/class")
    assert found["affect"] is False


async def test_a_class_is_told_page_by_page_and_refuses_what_it_does_not_know(school: School) -> None:
    names = list[str]()
    cursor: str | None = ""
    while cursor is not None:
        _, page = await school.call("teacher", "GET", f"/v1/class/learners?sort=-mastery&limit=2{cursor}")
        names += [row["learner_id"] for row in page["data"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert len(names) == len(set(names)) == page["total"]
    for query in ("sort=luck", "only=ada", "cursor=x", "by=never", "course_id="):
        assert (await school.call("teacher", "GET", f"/v1/class/learners?{query}"))[0] == 422, query
    assert (await school.call("teacher", "GET", "/v1/class?course_id=none"))[0] == 404
