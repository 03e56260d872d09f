"""What a learner is like is told with its evidence; they and their teacher may say otherwise, and that holds."""

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import cli


async def key(masterx: object, environment: dict[str, str], *arguments: str) -> dict[str, str]:
    """The header of a new key."""
    code, told, errors = await cli(masterx.folder, environment, "keys", "create", *arguments)  # type: ignore[attr-defined]
    assert code == 0, errors
    return {"Authorization": f"Bearer {next(word for word in told.split() if word.startswith('mx_'))}"}


async def test_a_trait_comes_from_turns_is_corrected_and_holds(start: AsyncStart, production: dict[str, str]) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    status, new = await masterx.call("GET", "/v1/learners/ada/profile")
    assert status == 200
    assert {trait["value"] for trait in new["traits"].values()} == {None}
    asked = [(await masterx.ask(session, f"Give me an example of fraction {n}, I love football"))[1] for n in range(3)]
    _, told = await masterx.call("GET", "/v1/learners/ada/profile")
    form = told["traits"]["explanation_form"]
    assert (form["value"], form["evidence"]) == ("example", [turn["id"] for turn in asked])
    assert 0 < form["interval"][0] < form["interval"][1] <= 1
    assert told["traits"]["interests"]["value"] == ["football"]
    path = "/v1/learners/ada/profile/explanation_form"
    _, corrected = await masterx.call("PUT", path, {"value": "picture"})
    await masterx.ask(session, "Another example, please")
    _, later = await masterx.call("GET", "/v1/learners/ada/profile")
    assert later["traits"]["explanation_form"] == corrected["traits"]["explanation_form"]
    assert (later["traits"]["explanation_form"]["value"], form["corrected"]) == ("picture", False)
    _, hidden = await masterx.call("PUT", path, {"hidden": True})
    assert (hidden["traits"]["explanation_form"]["value"], hidden["traits"]["explanation_form"]["hidden"]) == (
        None,
        True,
    )
    _, again = await masterx.call("PUT", path, {})
    assert again["traits"]["explanation_form"]["value"] == "example"


async def test_what_makes_no_sense_is_refused(start: AsyncStart) -> None:
    masterx = await start()
    path = "/v1/learners/ada/profile"
    for trait, body, status, field in (
        ("charm", {"hidden": True}, 404, None),
        ("pace", {"value": 3, "hidden": True}, 422, "hidden"),
        ("pace", {"value": "x" * 300}, 422, "value"),
        ("pace", {"voice": 1}, 422, "voice"),
        ("interests", {"value": []}, 422, "value"),
    ):
        told, problem = await masterx.call("PUT", f"{path}/{trait}", body)
        assert told == status
        assert field is None or problem["errors"][0]["field"].startswith(field)
    for where, body in (("/profile/pace", {"value": 1}), ("", {"level": "B1"})):
        told, problem = await masterx.call("PUT", f"/v1/learners/{'x' * 201}{where}", body)
        assert (told, problem["errors"][0]["field"]) == (422, "learner_id")


async def test_a_learner_corrects_their_own_and_a_teacher_any(start: AsyncStart) -> None:
    environment = {"MASTERX_AUTH": "required"}
    masterx = await start(**environment)
    ada = await key(masterx, {}, "--role", "learner", "--learner", "ada")
    bob = await key(masterx, {}, "--role", "learner", "--learner", "bob")
    teacher = await key(masterx, {}, "--role", "teacher")
    path = "/v1/learners/ada/profile/pace"
    assert (await masterx.call("PUT", path, {"value": 12.5}, **ada))[0] == 200
    assert (await masterx.call("PUT", path, {"hidden": True}, **bob))[0] == 404
    assert (await masterx.call("GET", "/v1/learners/ada/profile", **bob))[0] == 404
    assert (await masterx.call("GET", "/v1/learners/ada/affect", **bob))[0] == 404
    status, told = await masterx.call("PUT", path, {"value": 20}, **teacher)
    assert (status, told["traits"]["pace"]["value"]) == (200, 20)
