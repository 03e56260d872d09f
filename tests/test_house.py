"""The house keeps its order: floors, sizes, names, and what no file may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "app").rglob("*.py"))
TRACKED = [
    ROOT / name
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
]
FILE_CEILING = 300
FUNCTION_CEILING = 50
MEDIAN_FUNCTION = 10
PARAMETERS = 5  # four and self

NAMELESS = ("utils", "common", "helpers", "core", "manager", "misc")
HYPE = re.compile(
    r"\b(advanced|intelligent|quantum|revolutionary|cutting.edge|enterprise.grade|blazing)", re.IGNORECASE
)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last, without the docstring."""
    doc = ast.get_docstring(node, clean=False)
    return (node.end_lineno or node.lineno) - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)


def test_imports_only_go_down_the_floors() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_a_file_has_room_for_one_thing_only() -> None:
    assert [str(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > FILE_CEILING] == []


def test_a_function_fits_one_screen() -> None:
    assert [
        f"{path.name}:{node.name} {length(node)}" for path, node in functions() if length(node) > FUNCTION_CEILING
    ] == []


def test_functions_are_short_as_a_rule() -> None:
    assert median(length(node) for _, node in functions()) <= MEDIAN_FUNCTION


def test_a_function_with_many_parameters_is_missing_a_record() -> None:
    def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        return len(node.args.posonlyargs) + len(node.args.args)

    many = [f"{path.name}:{node.name}" for path, node in functions() if parameters(node) > PARAMETERS]
    assert many == []


def test_the_turn_fits_one_screen() -> None:
    turn = {node.name: length(node) for path, node in functions() if path == ROOT / "app" / "turn.py"}
    assert turn["open"] + turn["answer"] + turn["_speak"] <= 60


def test_names_say_the_thing_and_prose_has_no_hype() -> None:
    texts = [*SOURCES, ROOT / "README.md"]
    nameless = [path for path in texts if {path.stem, *path.relative_to(ROOT).parent.parts} & {*NAMELESS}]
    assert [str(path) for path in nameless] == []
    assert [str(path) for path in texts if HYPE.search(path.read_text("utf-8"))] == []


def test_every_module_and_every_public_thing_says_what_it_gives() -> None:
    missing = []
    for path in SOURCES:
        tree = parsed(path)
        if tree.body and ast.get_docstring(tree) is None:
            missing.append(str(path))
        missing += [
            f"{path.name}:{node.name}"
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ]
    assert missing == []


def test_nobody_below_bootstrap_reads_settings() -> None:
    allowed = (
        "settings.py",
        "bootstrap/",
        "cli.py",
        "api/banner.py",
        "api/server.py",
        "doctor/",
        "judging/",
        "replay/",
        "train/",
        "keyring.py",
        "rebuild.py",
        "transfer.py",
    )
    readers = [p for p in SOURCES if re.search(r"app\.settings|os\.environ|getenv", p.read_text("utf-8"))]
    assert [p for p in readers if not str(p.relative_to(ROOT / "app")).startswith(allowed)] == []


def test_the_locks_carry_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_no_file_names_the_machine_it_was_written_on() -> None:
    private = re.compile(r"/work/|/root/|pypi\.org|files\.pythonhosted|registry\.npmjs")
    texts = (p for p in TRACKED if p.suffix in {".py", ".md", ".toml", ".lock", ".sh", ".yml", ""} and p.is_file())
    found = [str(p) for p in texts if p.name != "test_house.py" and private.search(p.read_text("utf-8", "replace"))]
    assert found == []
