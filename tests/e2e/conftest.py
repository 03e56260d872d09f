"""The service and its surroundings: real processes, real sockets, a provider that misbehaves on demand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx, cli


class AsyncStart:
    """Starts services that are stopped at the end of the test."""

    def __init__(self, stack: AsyncExitStack, folder: Path, environment: Mapping[str, str]) -> None:
        self._stack, self._folder, self._environment = stack, folder, environment

    async def __call__(self, *arguments: str, **environment: str) -> Masterx:
        """A service with these settings; a MongoDB store is brought up to date before."""
        settings = {**self._environment, **environment}
        if settings.get("MASTERX_STORE", "").startswith("mongodb"):
            code, _, errors = await cli(self._folder, settings, "migrate")
            assert code == 0, errors
        return await self._stack.enter_async_context(Masterx(self._folder, settings, *arguments))


@pytest.fixture
async def provider() -> AsyncIterator[MisbehavingProvider]:
    """All three dialects on one port."""
    async with MisbehavingProvider() as running:
        yield running


@pytest.fixture(params=["sqlite", "mongo"])
def production(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of the two ways to run: SQLite with the cache in process, MongoDB with Redis."""
    if request.param == "sqlite":
        return {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    url = request.getfixturevalue("mongo_url")
    return {"MASTERX_STORE": url, "MASTERX_CACHE": request.getfixturevalue("redis_url")}


@pytest.fixture
async def start(tmp_path: Path, provider: MisbehavingProvider) -> AsyncIterator[AsyncStart]:
    """Starts a service whose only provider is the misbehaving one, in OpenAI's dialect, on SQLite."""
    # A key of each test's own: what its faults do to a breaker that replicas share is not another test's.
    environment = {"OPENAI_API_KEY": f"sk-{uuid4().hex}", "OPENAI_BASE_URL": provider.url("openai")}
    async with AsyncExitStack() as stack:
        yield AsyncStart(stack, tmp_path, environment)
