"""One service and one misbehaving provider for a whole module, with a stock OpenAI client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tests.e2e.policies import UNDEGRADED, changed
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx


@dataclass(frozen=True)
class Surface:
    """A running service whose failing turns fail (the offline tutor is off), its provider, and a stock client."""

    masterx: Masterx
    provider: MisbehavingProvider
    client: AsyncOpenAI

    async def post(self, body: object, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, Any]:
        """A call without any client library."""
        return await self.masterx.call("POST", path, body, **headers)

    async def sessions(self, learner: str) -> list[dict[str, Any]]:
        """A learner's sessions, newest first."""
        status, body = await self.masterx.call("GET", f"/v1/sessions?learner_id={learner}")
        assert status == 200
        found: list[dict[str, Any]] = body["data"]
        return found


def undegraded(folder: Path) -> Path:
    """The policy that ships, without the offline tutor as last resort."""
    return Path(changed(folder, UNDEGRADED))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def surface(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Surface]:
    """One for the module; each test uses learners of its own."""
    folder = tmp_path_factory.mktemp("surface")
    async with MisbehavingProvider() as provider:
        environment = {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": provider.url("openai"),
            "MASTERX_POLICY": str(undegraded(folder)),
        }
        async with (
            Masterx(folder, environment) as masterx,
            AsyncOpenAI(base_url=f"{masterx.url}/v1", api_key="any", timeout=30) as client,
        ):
            yield Surface(masterx, provider, client)
