"""What helped in which situation is learned from ratings, told to operators, and the same from the log again."""

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import Masterx, cli


async def listed(masterx: Masterx, limit: int = 200) -> list[dict[str, object]]:
    status, body = await masterx.call("GET", f"/v1/patterns?limit={limit}")
    assert status == 200, body
    found: list[dict[str, object]] = body["data"]
    return found


async def test_ratings_become_patterns_and_a_rebuild_gives_the_same(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    weak = {"answers": [{"skill": "adding fractions", "correct": False} for _ in range(12)]}
    assert (await masterx.call("POST", "/v1/learners/ada/answers", weak))[0] == 200
    assert await listed(masterx) == []
    for n, helpful in enumerate((True, True, False, True)):
        _, turn = await masterx.ask(session, f"Give me exercise {n} on adding fractions")
        for said in (helpful, not helpful):  # only the first rating counts
            path = f"/v1/turns/{turn['id']}/feedback"
            assert (await masterx.call("POST", path, {"helpful": said}))[0] == 201
    found = await listed(masterx)
    [narrow] = [one for one in found if len(one["situation"]) == 4]  # type: ignore[arg-type]
    assert narrow["situation"] == [turn["task"], "weak", "unknown", "adding fractions"]
    assert narrow["strategy"] == turn["strategy"]
    assert 3.99 < float(str(narrow["weight"])) <= 4
    assert 0.5 < float(str(narrow["helps"])) < 0.75
    assert len(await listed(masterx, 1)) == 1
    code, _, errors = await cli(masterx.folder, masterx.environment, "rebuild")
    assert code == 0, errors
    assert rounded(await listed(masterx)) == rounded(found)


def rounded(found: list[dict[str, object]]) -> list[dict[str, object]]:
    """Evidence fades while a test runs."""
    return [{**one, **{name: round(float(str(one[name])), 2) for name in ("weight", "helps")}} for one in found]


async def test_patterns_are_for_operators(start: AsyncStart) -> None:
    masterx = await start(MASTERX_AUTH="required")
    for role, status in (("operator", 200), ("service", 403)):
        _, out, _ = await cli(masterx.folder, masterx.environment, "keys", "create", "--role", role)
        key = {"Authorization": f"Bearer {out.split()[0]}"}
        assert (await masterx.call("GET", "/v1/patterns", **key))[0] == status
