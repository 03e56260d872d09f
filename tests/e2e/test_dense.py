"""Recall by meaning in a service: `MASTERX_DENSE` names a model."""

from pathlib import Path

from tests.e2e.conftest import AsyncStart
from tests.e2e.policies import WITHOUT_LOTS, changed
from tests.e2e.service import cli
from tests.unit.recall.models import model


async def test_what_only_means_what_is_asked_is_in_the_context_with_a_model_and_not_without(
    start: AsyncStart, tmp_path: Path
) -> None:
    policy = changed(tmp_path, WITHOUT_LOTS)
    for given in ({"MASTERX_DENSE": str(model(tmp_path / "tiny"))}, {}):
        masterx = await start(MASTERX_POLICY=policy, **given)
        learner = "ada" if given else "bob"
        status, first = await masterx.ask(await masterx.session(learner), "Her sister trained to be a physician.")
        assert status == 200
        status, turn = await masterx.ask(await masterx.session(learner), "Is there any doctor?")
        assert status == 200
        status, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
        assert status == 200
        layers = {layer["name"]: layer for layer in receipt["layers"]}
        told = layers.get("retrieved", {}).get("told", [])
        assert (f"{first['id']}#m" in [one["id"] for one in told if one["outcome"] == "kept"]) is bool(given)


async def test_material_that_only_means_what_is_asked_is_found(start: AsyncStart, tmp_path: Path) -> None:
    masterx = await start(MASTERX_DENSE=str(model(tmp_path / "tiny")))
    assert (await masterx.call("PUT", "/v1/courses/health", {"title": "Health", "skills": []}))[0] == 201
    text = {"title": "Leaflet", "format": "markdown", "text": "# Help\nA physician sees whoever comes before noon."}
    assert (await masterx.call("POST", "/v1/courses/health/materials", text))[0] == 201
    status, found = await masterx.call("GET", "/v1/courses/health/search?q=doctor")
    assert status == 200
    assert "physician" in found["data"][0]["text"]


async def test_the_doctor_names_the_model(tmp_path: Path) -> None:
    _, output, _ = await cli(tmp_path, {"MASTERX_DENSE": str(model(tmp_path / "tiny"))}, "doctor")
    assert "vectors of 8 numbers" in output


async def test_a_folder_without_a_model_stops_the_start_with_one_line(tmp_path: Path) -> None:
    for folder, why in (("nowhere", "no such folder"), (".", "there is no file model.safetensors")):
        code, output, errors = await cli(tmp_path, {"MASTERX_DENSE": folder}, "serve", "--port", "0")
        assert (code, output, errors.count("\n")) == (2, "", 1)
        assert why in errors
