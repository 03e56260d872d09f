"""A real Prometheus with the project's own rules, its time made short: windows of 20 s, no alert waits."""

import asyncio
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.e2e.service import PATIENCE, ROOT
from tests.mongod import free_port
from tests.test_containers import missing

RULES = ROOT / "config" / "prometheus" / "rules.yml"
_OFTEN = "1s"  # which is also how long a scrape may take, and a busy machine is slow to answer


def hurried(rules: str) -> str:
    """The rules with every window of 20 s and every wait of none."""
    return re.sub(r"(\bfor:) \w+", r"\1 0s", re.sub(r"\[\d+[mhd]\]", "[20s]", rules))


@dataclass
class Prometheus:
    """The server, which scrapes these `host:port`s as job `masterx`; an async context."""

    folder: Path
    targets: Sequence[str]

    async def __aenter__(self) -> Self:
        program = shutil.which("prometheus")
        if program is None:
            missing("no prometheus: apt-get install prometheus")
        address = f"127.0.0.1:{free_port()}"
        self.url, self.folder = f"http://{address}", self.folder / "prometheus"
        self.folder.mkdir()
        self._configure()
        with (self.folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(program, f"--config.file={self.folder}/prometheus.yml", f"--web.listen-address={address}"),
                *(f"--storage.tsdb.path={self.folder}/data", "--log.level=warn"),
                stdout=log,
                stderr=log,
            )
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """What it knows now: labels and value of each sample; nothing before it is up."""
        try:
            async with self._http.get(f"{self.url}/api/v1/query", params={"query": query}) as answer:
                told: dict[str, Any] = await answer.json() if answer.status < 500 else {}
        except aiohttp.ClientConnectionError:
            return []
        assert told.get("status", "success") == "success", told
        return [(one["metric"], float(one["value"][1])) for one in told.get("data", {}).get("result", [])]

    async def until(self, query: str, results: int) -> list[tuple[dict[str, str], float]]:
        """Waits until a query has so many results."""
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.ask(query)) != results:
                assert self._process.returncode is None, (self.folder / "log").read_text("utf-8")
                await asyncio.sleep(0.05)
        return found

    async def firing(self) -> set[str]:
        """The names of the alerts that are firing."""
        return {labels["alertname"] for labels, _ in await self.ask('ALERTS{alertstate="firing"}')}

    def _configure(self) -> None:
        (self.folder / "rules.yml").write_text(hurried(RULES.read_text("utf-8")), "utf-8")
        often = {"scrape_interval": _OFTEN, "scrape_timeout": _OFTEN, "evaluation_interval": _OFTEN}
        job = {"job_name": "masterx", "static_configs": [{"targets": list(self.targets)}]}
        written = {"global": often, "rule_files": ["rules.yml"], "scrape_configs": [job]}
        (self.folder / "prometheus.yml").write_text(json.dumps(written), "utf-8")  # JSON is YAML
