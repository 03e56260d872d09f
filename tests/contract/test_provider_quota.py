"""What providers say in their headers about rate limits reaches the router, with an answer and with a refusal."""

from collections.abc import AsyncIterator

import pytest

from app.errors import ProviderBusy
from app.vocabulary import Left, Quota
from tests.contract.adapters import World, a_world, both_ways, each_dialect, heard, prompt


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A provider and the session of its adapters."""
    async with a_world() as opened:
        yield opened


@both_ways
@each_dialect
async def test_the_first_chunk_says_what_is_left_and_so_does_a_refusal(
    world: World, dialect: str, stream: bool
) -> None:
    world.provider.script(limit=2, gap=1, reset="7.66s")
    for left in (1, 0):
        chunks = await heard(world.adapter(dialect), prompt(stream))
        assert chunks[0].quota == Quota(Left(left, 2, 7.66))
        assert {chunk.quota for chunk in chunks[1:]} <= {None}
    with pytest.raises(ProviderBusy) as refused:
        await heard(world.adapter(dialect), prompt(stream))
    assert refused.value.quota == Quota(Left(0, 2, 7.66))


@each_dialect
async def test_a_provider_that_sends_no_such_headers_says_nothing(world: World, dialect: str) -> None:
    chunks = await heard(world.adapter(dialect), prompt(True))
    assert {chunk.quota for chunk in chunks} == {None}
