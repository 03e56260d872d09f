"""A policy as a file: the same text with another version and other values in a table, so that its comments stay."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import SettingsError
from app.policy import Policy, load

Values = Mapping[str, float] | Mapping[str, str]

_VERSION = re.compile(r'^version\s*=\s*"[^"\n]*"', re.MULTILINE)
_VALUE = re.compile(r'^(?P<key>\s*"?(?P<name>[\w-]+)"?\s*=\s*)(?P<value>[\d.eE+-]+|"[^"\\\n]*")')


def next_version(version: str) -> str:
    """The name of the version after this one.

    >>> next_version("1"), next_version("school-9"), next_version("spring")
    ('2', 'school-10', 'spring-2')
    """
    if counted := re.search(r"\d+$", version):
        return version[: counted.start()] + str(int(counted[0]) + 1)
    return f"{version}-2"


def rewritten(text: str, table: str, values: Values, version: str) -> str:
    """The text of a policy with these values in a table (`context.weights`), this version, and all else as it was.

    Raises `SettingsError` where the text is written in a way that this cannot change, such as a table in one line.
    """
    given = tomllib.loads(text)
    given["version"] = version
    inner: dict[str, Any] = given
    for name in table.split("."):
        inner = inner.setdefault(name, {})
    inner |= values
    written = _VERSION.sub(f'version = "{version}"', text, count=1)
    head, line, rest = written.partition(f"\n[{table}]")
    if not line:
        written = f"{written.rstrip()}\n\n[{table}]\n{_lines(values)}"
    else:
        inside, begins, after = _split(rest)
        written = f"{head}{line}{_replaced(inside, values)}{begins}{after}"
    try:
        same = tomllib.loads(written) == given
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise SettingsError(
            f"the policy is written in a way that cannot be changed here: set {_lines(values)!r} in [{table}] by hand"
        )
    Policy.model_validate(given)
    return written


def write_next(policy: Path, change: tuple[str, Values], file: Path, asked: str) -> str:
    """Writes the policy after the one in a file, with these values in a table, and says so. A file that is there is not
    overwritten; `asked` begins what is said of it."""
    version = next_version(load(policy).version)
    text = rewritten(policy.read_text("utf-8"), *change, version)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise SettingsError(f"{asked}: {error.strerror}") from error
    return f"written to {file}: version {version}; MASTERX_POLICY={file} makes it the policy"


def _split(rest: str) -> tuple[str, str, str]:
    """The lines of the table, and what begins with the comment of the next one."""
    ends = re.search(r"(?:\n\s*(?:#[^\n]*)?)*\n\[", rest)
    return (
        (rest, "", "") if ends is None else (rest[: ends.start()], rest[ends.start() : ends.end()], rest[ends.end() :])
    )


def _replaced(inside: str, values: Values) -> str:
    lines, named = [], set()
    for line in inside.split("\n"):
        found = _VALUE.match(line)
        if found and found["name"] in values:
            named.add(found["name"])
            line = f"{found['key']}{json.dumps(values[found['name']])}{line[found.end() :]}"
        lines.append(line)
    new = {name: value for name, value in values.items() if name not in named}
    return "\n".join(lines).rstrip("\n") + (f"\n{_lines(new).rstrip()}" if new else "")


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
