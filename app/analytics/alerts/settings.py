"""`config/alerts.toml`: what is an alert here, how urgent, and who is told. Checked once; all of it has defaults."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator

from app.analytics.anomalies.watched import WATCHED
from app.errors import SettingsError
from app.policy.part import Part
from app.vocabulary import Severity

_Share = Annotated[float, Field(gt=0, lt=1)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Minutes = Annotated[int, Field(ge=1, le=1440)]


class Objective(Part):
    """What share of `of` must not be `bad`; both are series (`turns`, `turns.failed`, `turns.degraded`, `calls` …)."""

    bad: str = "turns.failed"
    of: str = "turns"
    objective: _Share = 0.99
    few: Annotated[int, Field(ge=1)] = 20
    """Fewer of these in the short window are not judged."""


class Burn(Part):
    """An alert when both windows, in minutes, use up the error budget so many times as fast as is allowed."""

    rate: _Positive
    long: _Minutes
    short: _Minutes
    severity: Severity


class WatchRule(Part):
    """How an anomaly of one figure is told: `least` is the change that is worth attention, points of a share (0.05),
    else a factor (1.5)."""

    severity: Severity = "ticket"
    least: _Positive | None = None
    on: bool = True


class BreakerRule(Part):
    """A breaker that lets nobody through for so many minutes."""

    severity: Severity = "ticket"
    minutes: Annotated[float, Field(ge=0)] = 1.0


class BudgetRule(Part):
    """A workspace that has spent this share of its day's budget."""

    severity: Severity = "ticket"
    share: _Share = 0.9


class StoreRule(Part):
    """A store whose round trips take so many milliseconds for so many minutes, or that is away."""

    severity: Severity = "page"
    ms: _Positive = 250.0
    minutes: Annotated[float, Field(ge=0)] = 1.0


class QueueRule(Part):
    """So many questions that wait for a model."""

    severity: Severity = "ticket"
    waiting: Annotated[int, Field(ge=1)] = 500


class Webhook(Part):
    """Whom to tell: an address, the environment variable with the secret that deliveries are signed with, and the least
    urgent alerts that are sent there."""

    url: str
    secret: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    severities: frozenset[Severity] = frozenset({"page", "ticket"})

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("an http:// or https:// address without a user in it")
        return url


_BURNS = (
    Burn(rate=14.4, long=60, short=5, severity="page"),
    Burn(rate=6.0, long=360, short=30, severity="page"),
    Burn(rate=3.0, long=1440, short=120, severity="ticket"),
)
"""Google, The Site Reliability Workbook (2018), chapter 5, table 5-8, up to a day."""

_SEVERE: Mapping[str, Severity] = {"quiet": "page", "failures": "page", "load": "info", "provider_latency": "info"}


class AlertSettings(Part):
    """All of the file."""

    false_alarms_a_day: _Positive = 0.01
    """How many anomalies without a reason are put up with, over all figures."""

    close_after: Annotated[float, Field(ge=1, le=1440)] = 5.0
    """Minutes without the reason after which an alert closes."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    slo: dict[str, Objective] = Field(default_factory=lambda: {"answered": Objective()})
    burn: tuple[Burn, ...] = _BURNS
    watch: dict[str, WatchRule] = Field(default_factory=dict)
    breaker: BreakerRule = BreakerRule()
    budget: BudgetRule = BudgetRule()
    store: StoreRule = StoreRule()
    queue: QueueRule = QueueRule()
    webhook: dict[str, Webhook] = Field(default_factory=dict, max_length=8)

    @field_validator("watch")
    @classmethod
    def _is_watched(cls, watch: dict[str, WatchRule]) -> dict[str, WatchRule]:
        for name, rule in watch.items():
            if name not in WATCHED:
                raise ValueError(f"{name}: there is no such figure; known are {', '.join(sorted(WATCHED))}")
            if rule.least is not None and WATCHED[name].of is None and rule.least <= 1:
                raise ValueError(f"{name}: least is a factor over 1")
        return watch

    def rule(self, name: str) -> WatchRule:
        """How an anomaly of a figure is told."""
        return self.watch.get(name) or WatchRule(severity=_SEVERE.get(name, "ticket"))


def load(path: Path) -> AlertSettings:
    """The settings in a TOML file; `SettingsError` with one line for the first thing that is wrong."""
    try:
        return AlertSettings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refusal(path, f"is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "alerts"
        raise _refusal(path, f"{where}: {first['msg']}") from error


def _refusal(path: Path, what: str) -> SettingsError:
    return SettingsError(" ".join(f"MASTERX_ALERTS: {path}: {what}".split()))
