"""The policy that ships with changes, as a file of a test's own."""

from pathlib import Path

from app.settings import CONFIG

UNDEGRADED = ("degraded = true", "degraded = false")
"""Without the offline tutor as last resort."""

WITHOUT_LOTS = ("share = 0.02", "share = 0.0")
"""Without layers of context that are left out by lot."""


def changed(folder: Path, *changes: tuple[str, str], name: str = "policy.toml") -> str:
    """The path of a file in `folder` with the policy, each old text in it replaced by the new one."""
    text = (CONFIG / "policy.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)
