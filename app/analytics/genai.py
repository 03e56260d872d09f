"""Calls of models, in the metrics of OpenTelemetry's GenAI conventions as Prometheus spells them: the table of names.

Source: open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md (its status is "development");
spelling: opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics. `error.type` is the outcome of an
attempt other than `ok` (`app/errors.py`, `abandoned`, `outrun`); of a call that went well it is empty, which to
Prometheus is a label that is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from prometheus_client import CollectorRegistry, Histogram

from app.events import AttemptEnded

_UNITS = {"s": "_seconds", "{token}": ""}
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4.0**power for power in range(14))
_CALL = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the conventions say of a metric. `unit` is UCUM's, `bounds` the upper ends of its buckets."""

    unit: Literal["s", "{token}"]
    attributes: tuple[str, ...]
    bounds: tuple[float, ...]
    about: str
    kind: Literal["histogram"] = "histogram"


TABLE: Mapping[str, Instrument] = MappingProxyType(
    {
        "gen_ai.client.operation.duration": Instrument(
            "s", (*_CALL, "error.type"), _SECONDS, "Calls of providers, to the end of their answer"
        ),
        "gen_ai.client.operation.time_to_first_chunk": Instrument(
            "s", _CALL, _SECONDS, "Streamed calls of providers, to their first word"
        ),
        "gen_ai.client.token.usage": Instrument(
            "{token}", (*_CALL, "gen_ai.token.type"), _TOKENS, "Tokens of a call; cached ones are part of the input"
        ),
    }
)
"""Every metric of the conventions that the service has, by its name there."""

_WELL_KNOWN = {"gemini": "gcp.gemini"}
"""Providers that the conventions call by another name than the catalogue."""


def well_known(provider: str) -> str:
    """A provider as the conventions call it."""
    return _WELL_KNOWN.get(provider, provider)


def spelled(name: str, unit: str = "{token}") -> str:
    """A name or an attribute as Prometheus spells it.

    >>> spelled("gen_ai.client.operation.duration", "s"), spelled("error.type")
    ('gen_ai_client_operation_duration_seconds', 'error_type')
    """
    return name.replace(".", "_") + _UNITS[unit]


class GenAI:
    """The metrics of the table, filled by the calls that end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        made = (_histogram(name, one, registry) for name, one in TABLE.items())
        # Looking a labelled child up costs several times what counting with it does.
        self._duration, self._first, self._tokens = (cache(one.labels) for one in made)

    def hear(self, call: AttemptEnded) -> None:
        """Counts a call."""
        attempt = call.attempt
        which = ("chat", well_known(attempt.provider), attempt.model)
        self._duration(*which, "" if attempt.outcome == "ok" else attempt.outcome).observe(attempt.ms / 1e3)
        if call.streamed and call.first_token_ms is not None:
            self._first(*which).observe(call.first_token_ms / 1e3)
        for kind, count in (("input", call.usage.input_tokens), ("output", call.usage.output_tokens)):
            if count is not None:
                self._tokens(*which, kind).observe(count)


def _histogram(name: str, one: Instrument, registry: CollectorRegistry) -> Histogram:
    labels = [spelled(attribute) for attribute in one.attributes]
    return Histogram(spelled(name, one.unit), one.about, labels, buckets=one.bounds, registry=registry)
