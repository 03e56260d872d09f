"""A policy as a file: the same text with other weights and another version, so that its comments stay."""

import re
import tomllib
from collections.abc import Mapping

from app.errors import SettingsError
from app.policy import Policy

_TABLE = "[context.weights]"
_VERSION = re.compile(r'^version\s*=\s*"[^"\n]*"', re.MULTILINE)
_WEIGHT = re.compile(r'^(?P<key>\s*"?(?P<name>[\w-]+)"?\s*=\s*)(?P<value>[\d.eE+-]+)')


def next_version(version: str) -> str:
    """The name of the version after this one.

    >>> next_version("1"), next_version("school-9"), next_version("spring")
    ('2', 'school-10', 'spring-2')
    """
    if counted := re.search(r"\d+$", version):
        return version[: counted.start()] + str(int(counted[0]) + 1)
    return f"{version}-2"


def reweighed(text: str, weights: Mapping[str, float], version: str) -> str:
    """The text of a policy with these `context.weights` and this version, and all else as it was.

    Raises `SettingsError` where the text is written in a way that this cannot change, such as a table in one line.
    """
    given = tomllib.loads(text)
    given["version"] = version
    given.setdefault("context", {})["weights"] = dict(weights)
    written = _VERSION.sub(f'version = "{version}"', text, count=1)
    head, table, rest = written.partition(f"\n{_TABLE}")
    if not table:
        written = f"{written.rstrip()}\n\n{_TABLE}\n{_lines(weights)}"
    else:
        inside, begins, after = _split(rest)
        written = f"{head}{table}{_replaced(inside, weights)}{begins}{after}"
    try:
        same = tomllib.loads(written) == given
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise SettingsError(
            f"the policy is written in a way that cannot be changed here: set {_lines(weights)!r} by hand"
        )
    Policy.model_validate(given)
    return written


def _split(rest: str) -> tuple[str, str, str]:
    """The lines of the table, and what begins with the comment of the next one."""
    ends = re.search(r"(?:\n\s*(?:#[^\n]*)?)*\n\[", rest)
    return (
        (rest, "", "") if ends is None else (rest[: ends.start()], rest[ends.start() : ends.end()], rest[ends.end() :])
    )


def _replaced(inside: str, weights: Mapping[str, float]) -> str:
    lines, named = [], set()
    for line in inside.split("\n"):
        found = _WEIGHT.match(line)
        if found and found["name"] in weights:
            named.add(found["name"])
            line = f"{found['key']}{weights[found['name']]}{line[found.end() :]}"
        lines.append(line)
    new = {name: weight for name, weight in weights.items() if name not in named}
    return "\n".join(lines).rstrip("\n") + (f"\n{_lines(new).rstrip()}" if new else "")


def _lines(weights: Mapping[str, float]) -> str:
    return "".join(f"{name} = {weight}\n" for name, weight in weights.items())
