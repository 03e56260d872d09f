"""A catalogue that is wrong: the command line says in one line which file, which entry and which field."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.service import cli
from tests.mongod import free_port

ENTRY = """
[[model]]
provider = "groq"
model = "llama"
dialect = "groq"
base_url = "https://api.groq.com/"
key = "GROQ_API_KEY"
prices = { input = 0.075, output = 0.30 }
context_window = 131_072
max_output = 65_536
tokenizer = "o200k"
"""
NAME = "model 1 (groq llama)"

WRONG = [
    (ENTRY.replace('dialect = "groq"', 'dialect = "telepathy"'), f"{NAME}: dialect: "),
    (ENTRY.replace("input = 0.075", "input = -0.075"), f"{NAME}: prices.input: "),
    (ENTRY.replace("groq", "g\\nroq", 1), "model 1 (g roq llama): provider: "),
    (ENTRY + ENTRY, "groq llama: is there twice"),
    ("", "no [[model]] in it"),
]


@pytest.mark.parametrize(("text", "named"), WRONG, ids=[named for _, named in WRONG])
async def test_a_wrong_catalogue_is_told_in_one_line_by_serve_and_doctor(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    settings = {"MASTERX_PROVIDERS": "mine.toml", "MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    (code, output, errors), (ill, found, _) = await asyncio.gather(
        cli(tmp_path, settings, "serve", "--port", "0"), cli(tmp_path, settings, "doctor", "--port", str(free_port()))
    )
    assert (code, output, errors.count("\n")) == (2, "", 1), errors
    assert f"MASTERX_PROVIDERS: mine.toml: {named}" in errors
    lines = [line for line in found.splitlines() if "mine.toml" in line]
    assert ill == 1
    assert named in lines[0]
