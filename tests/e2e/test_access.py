"""Keys, roles, workspaces: who may do what, and what the others are told."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import Masterx, cli


class Caller:
    """Calls with one key."""

    def __init__(self, masterx: Masterx, key: str) -> None:
        self._masterx, self._key = masterx, key

    async def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return await self._masterx.call(method, path, body, Authorization=f"Bearer {self._key}")


async def key(folder: Path, store: str, *arguments: str) -> str:
    code, output, errors = await cli(folder, {"MASTERX_STORE": store}, "keys", "create", *arguments)
    assert code == 0, errors
    return output.strip()


@pytest.fixture
async def locked(start: AsyncStart, tmp_path: Path) -> Masterx:
    return await start(MASTERX_AUTH="required", MASTERX_STORE=f"sqlite:///{tmp_path}/masterx.db")


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/masterx.db"


async def test_without_a_key_nothing_but_health_is_told(locked: Masterx) -> None:
    for path in ("/v1/sessions?learner_id=ada", "/v1/turns/x", "/v1/learners/ada"):
        assert (await locked.call("GET", path))[0] == 401
    assert (await locked.call("POST", "/v1/sessions", {"learner_id": "ada"}, Authorization="Bearer mx_wrong"))[0] == 401
    assert (await locked.call("POST", "/v1/sessions", {"learner_id": "ada"}, Authorization="Basic eA=="))[0] == 401
    assert (await locked.call("GET", "/health/live"))[0] == 200


async def test_what_is_another_workspace_s_looks_as_if_it_were_not_there(
    locked: Masterx, tmp_path: Path, store: str
) -> None:
    north = Caller(locked, await key(tmp_path, store, "--role", "operator", "--workspace", "north"))
    south = Caller(locked, await key(tmp_path, store, "--role", "operator", "--workspace", "south"))
    _, session = await north("POST", "/v1/sessions", {"learner_id": "ada"})
    path = f"/v1/sessions/{session['id']}"
    status, turn = await north("POST", f"{path}/turns", {"message": "Hi"})
    assert status == 200
    nowhere = await south("GET", "/v1/sessions/nowhere")
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "mine"}),
        ("DELETE", path, None),
        ("GET", f"{path}/turns", None),
        ("POST", f"{path}/turns", {"message": "Hi"}),
        ("POST", "/v1/context", {"session_id": session["id"], "message": "Hi"}),
        ("GET", f"/v1/turns/{turn['id']}", None),
        ("GET", f"/v1/turns/{turn['id']}/context", None),
        ("GET", f"/v1/turns/{turn['id']}/stream", None),
        ("POST", f"/v1/turns/{turn['id']}:cancel", None),
        ("POST", f"/v1/turns/{turn['id']}/feedback", {"rating": 1}),
    ):
        status, problem = await south(method, where, body)
        assert (status, problem["title"][:16]) == (404, nowhere[1]["title"][:16]), where
    assert (await south("GET", "/v1/sessions?learner_id=ada"))[1]["data"] == []
    assert (await north("GET", path))[0] == 200


async def test_a_learner_sees_only_their_own(locked: Masterx, tmp_path: Path, store: str) -> None:
    service = Caller(locked, await key(tmp_path, store, "--role", "service"))
    ada = Caller(locked, await key(tmp_path, store, "--role", "learner", "--learner", "ada"))
    _, hers = await service("POST", "/v1/sessions", {"learner_id": "ada"})
    _, his = await service("POST", "/v1/sessions", {"learner_id": "bob"})
    assert (await ada("GET", f"/v1/sessions/{hers['id']}"))[0] == 200
    assert (await ada("POST", f"/v1/sessions/{hers['id']}/turns", {"message": "Hi"}))[0] == 200
    assert (await ada("GET", f"/v1/sessions/{his['id']}"))[0] == 404
    assert (await ada("POST", f"/v1/sessions/{his['id']}/turns", {"message": "Hi"}))[0] == 404
    assert (await ada("GET", "/v1/learners/bob"))[0] == 404
    assert (await ada("GET", "/v1/sessions?learner_id=bob"))[0] == 404
    assert [s["id"] for s in (await ada("GET", "/v1/sessions"))[1]["data"]] == [hers["id"]]


async def test_a_teacher_reads_and_does_not_speak_for_a_learner(locked: Masterx, tmp_path: Path, store: str) -> None:
    service = Caller(locked, await key(tmp_path, store, "--role", "service"))
    teacher = Caller(locked, await key(tmp_path, store, "--role", "teacher"))
    _, session = await service("POST", "/v1/sessions", {"learner_id": "ada"})
    assert (await teacher("GET", f"/v1/sessions/{session['id']}/turns"))[0] == 200
    status, problem = await teacher("POST", f"/v1/sessions/{session['id']}/turns", {"message": "Hi"})
    assert (status, problem["type"]) == (403, "/problems/forbidden")


async def test_a_revoked_key_stops_working(start: AsyncStart, tmp_path: Path, store: str) -> None:
    secret = await key(tmp_path, store, "--role", "operator")
    _, listed, _ = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "list")
    assert secret not in listed
    assert secret not in stored(tmp_path)
    code, _, _ = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "revoke", listed.split()[0])
    assert code == 0
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)
    assert (await Caller(masterx, secret)("GET", "/v1/learners/ada"))[0] == 401


async def test_a_public_address_is_refused_until_a_key_exists(tmp_path: Path, store: str) -> None:
    code, _, errors = await cli(tmp_path, {"MASTERX_STORE": store}, "serve", "--host", "0.0.0.0", "--port", "0")
    assert code == 2
    assert "masterx keys create" in errors


async def test_a_placeholder_key_of_an_openai_client_is_fine_on_loopback(start: AsyncStart) -> None:
    masterx = await start()
    status, _ = await masterx.call("GET", "/v1/learners/ada", Authorization="Bearer sk-anything")
    assert status == 200


async def test_keys_need_sensible_arguments(tmp_path: Path, store: str) -> None:
    for arguments in (("--role", "learner"), ("--role", "service", "--learner", "ada")):
        code, _, errors = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "create", *arguments)
        assert code == 2
        assert "--learner" in errors
    code, _, errors = await cli(tmp_path, {"MASTERX_STORE": store}, "keys", "revoke", "nope")
    assert code == 2
    assert "keys list" in errors


async def test_no_message_and_no_key_is_ever_logged(start: AsyncStart, tmp_path: Path, store: str) -> None:
    secret = await key(tmp_path, store, "--role", "operator")
    masterx = await start(MASTERX_STORE=store, OPENAI_API_KEY="sk-very-secret")
    session = await masterx.session()
    for directive in ("", "[[fault=500]]", "[[fault=malformed]]", "[[fault=401]]"):
        await masterx.ask(session, f"PRIVATE words {directive}", Authorization=f"Bearer {secret}")
    log = masterx.log()
    assert "PRIVATE" not in log
    assert "sk-very-secret" not in log
    assert secret not in log


def stored(folder: Path) -> str:
    """Every byte of the store."""
    return "".join(path.read_bytes().decode("latin-1") for path in folder.glob("masterx.db*"))
