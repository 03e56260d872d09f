"""A service over two misbehaving providers, of which it prefers the first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import Masterx

CATALOGUE = """
[[model]]
provider = "{name}"
model = "{name}-1"
dialect = "openai"
base_url = "{url}"
key = "OPENAI_API_KEY"
prices = {{ input = 0.1, output = 0.2 }}
context_window = 100_000
max_output = 4_096
tokenizer = "o200k"
limits = {{ connect = 2, first_token = {first_token}, idle = {first_token}, total = {total} }}
[model.strengths]
general = {strength}
"""


@dataclass
class Two:
    """A service that prefers `first` and falls over to `second`."""

    masterx: Masterx
    first: MisbehavingProvider
    second: MisbehavingProvider

    async def ask(self, session: str | None = None) -> dict[str, Any]:
        """One streamed turn's final event."""
        session = session or await self.masterx.session()
        message = {"message": "Tell me more", "stream": True, "task": "general"}
        path = f"{self.masterx.url}/v1/sessions/{session}/turns"
        async with self.masterx.http.post(path, json=message) as answer:
            text = await answer.text()
        assert "event: turn.completed" in text, text
        return (await self.masterx.turns(session))[0]

    async def pinned(self, model: str) -> int:
        """One streamed turn that asks for a model by its name; the status."""
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Tell me more"}]}
        async with self.masterx.http.post(f"{self.masterx.url}/v1/chat/completions", json=body) as answer:
            await answer.read()
            return answer.status

    async def listed(self) -> list[str]:
        """The models that a client may name."""
        status, body = await self.masterx.call("GET", "/v1/models")
        assert status == 200, body
        return [model["id"] for model in body["data"]]

    async def models(self) -> dict[str, Any]:
        """What the operator sees, by provider."""
        status, body = await self.masterx.call("GET", "/v1/providers")
        assert status == 200, body
        return {model["provider"]: model for model in body["data"]}

    async def metrics(self) -> str:
        """The text of `/metrics`."""
        async with self.masterx.http.get(f"{self.masterx.url}/metrics") as answer:
            return await answer.text()


def catalogue(
    folder: Path,
    first: MisbehavingProvider,
    second: MisbehavingProvider,
    first_token: int = 4,
    total: int = 8,
    *,
    strengths: tuple[float, float] = (0.9, 0.2),
) -> str:
    """A file with the two as they stand for one task; the path to it."""
    path, limits = folder / "providers.toml", {"first_token": first_token, "total": total}
    path.write_text(
        CATALOGUE.format(name="first", url=first.url("openai"), strength=strengths[0], **limits)
        + CATALOGUE.format(name="second", url=second.url("openai"), strength=strengths[1], **limits)
    )
    return str(path)
