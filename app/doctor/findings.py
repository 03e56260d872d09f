"""What the doctor found."""

from dataclasses import dataclass
from typing import Literal

from app.errors import SettingsError

Verdict = Literal["ok", "note", "problem"]

_SIGNS: dict[Verdict, str] = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: a `problem` keeps the service from its work, a `note` does not."""

    about: str
    verdict: Verdict
    detail: str
    advice: str | None = None

    def line(self) -> str:
        """The finding as people read it."""
        advice = f"\n           → {self.advice}" if self.advice else ""
        return f"{_SIGNS[self.verdict]}  {self.about}: {self.detail}{advice}"


def refused(error: SettingsError) -> Finding:
    """Settings that cannot be worked with at all."""
    return Finding("settings", "problem", str(error), "correct it in the environment or in .env; nothing starts before")
