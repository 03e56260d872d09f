"""The service's figures for Prometheus; those that OpenTelemetry has names for are in `genai.py`.

No label ever carries a learner, a session or a text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.analytics.genai import GenAI
from app.events import AttemptEnded, Event, SafetyFlagged, TurnEnded, TurnOpened
from app.vocabulary import Danger, Turn

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


Rows = Callable[[], Iterable[tuple[Sequence[str], float]]]
"""The labels' values and the figure of each row."""


class Meters:
    """Counts what events and requests say."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        r = self.registry
        ProcessCollector(registry=r)
        GCCollector(registry=r)
        self._opened = Counter("masterx_turns_opened", "Turns whose message is durable", ["task"], registry=r)
        self._turns = Counter("masterx_turns", "Turns by how they ended", ["state", "task", "provider"], registry=r)
        self._attempts = Counter("masterx_attempts", "Provider calls", ["provider", "model", "outcome"], registry=r)
        self._genai = GenAI(r)
        self._cached = Counter(
            "masterx_cached_tokens", "Input tokens that a provider had cached", ["provider", "model"], registry=r
        )
        self._ends = Counter("masterx_stream_ends", "Streamed answers by how they ended", ["reason"], registry=r)
        self._cost = Counter("masterx_cost_usd", "US dollars spent on providers", ["provider", "model"], registry=r)
        self._first = Histogram(
            "masterx_turn_first_word_seconds", "What learners wait for a first word", buckets=_SECONDS, registry=r
        )
        self._overhead = Histogram("masterx_turn_overhead_seconds", "Turn less provider", buckets=_SECONDS, registry=r)
        self._tries = Histogram(
            "masterx_attempts_per_turn", "Calls made for a turn", buckets=(0, 1, 2, 3, 5, 10), registry=r
        )
        self._context = Histogram("masterx_context_seconds", "Context assembly", buckets=_SECONDS, registry=r)
        sent = Counter("masterx_context_tokens", "Tokens of contexts as they were sent", ["layer"], registry=r)
        full = Counter("masterx_context_full_tokens", "Tokens that there were to send", ["layer"], registry=r)
        self._requests = Counter("masterx_http_requests", "HTTP requests", ["route", "status"], registry=r)
        self._latency = Histogram(
            "masterx_http_request_seconds", "HTTP requests", ["route"], buckets=_SECONDS, registry=r
        )
        self._chats = Counter("masterx_chats_closed", "WebSocket chats that ended", ["code"], registry=r)
        flagged = Counter("masterx_safety_flagged", "Messages of learners who may be in danger", ["kind"], registry=r)
        # There from the start, so that the first one is an increase.
        self._flagged = {kind: flagged.labels(kind) for kind in Danger}
        # Looking a labelled child up costs several times what counting with it does.
        self._layer = cache(lambda name: (sent.labels(name), full.labels(name)))
        self._opened_by = cache(lambda task: self._opened.labels(task))
        self._ended_by = cache(lambda state, task, provider: self._turns.labels(state, task, provider))
        self._attempt_by = cache(lambda *labels: self._attempts.labels(*labels))
        self._cached_of = cache(lambda *labels: self._cached.labels(*labels))
        self._cost_of = cache(lambda *labels: self._cost.labels(*labels))
        self._request = cache(lambda route, status: self._requests.labels(route, status))
        self._took = cache(lambda route: self._latency.labels(route))

    def gauge(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """A figure that is read when it is asked for."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def counts(self, name: str, help_text: str, label: str, values: Callable[[], Mapping[str, float]]) -> None:
        """Figures that somebody else counts up, by the value of a label; read when they are asked for."""
        self.table(name, help_text, (label,), lambda: [([v], n) for v, n in values().items()])

    def table(self, name: str, help_text: str, labels: Sequence[str], rows: Rows) -> None:
        """The same by several labels."""
        self.registry.register(_Read(CounterMetricFamily, name, help_text, labels, rows))

    def gauges(self, name: str, help_text: str, labels: Sequence[str], rows: Rows) -> None:
        """Figures by label that are read when they are asked for."""
        self.registry.register(_Read(GaugeMetricFamily, name, help_text, labels, rows))

    def hear(self, event: Event) -> None:
        """Counts an event."""
        match event:
            case TurnOpened(task):
                self._opened_by(task).inc()
            case AttemptEnded():
                self._attempt(event)
            case TurnEnded(turn):
                self._turn(turn)
            case SafetyFlagged(kind):
                self._flagged[kind].inc()

    def request(self, route: str, status: int, seconds: float) -> None:
        """Counts an HTTP request; `route` is the pattern, never the path."""
        self._request(route, status).inc()
        self._took(route).observe(seconds)

    def chat_closed(self, code: int) -> None:
        """Counts a chat that ended with a WebSocket close code."""
        self._chats.labels(code).inc()

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)

    def _attempt(self, call: AttemptEnded) -> None:
        attempt = call.attempt
        self._attempt_by(attempt.provider, attempt.model, attempt.outcome).inc()
        if call.usage.cached_tokens:
            self._cached_of(attempt.provider, attempt.model).inc(call.usage.cached_tokens)
        if attempt.cost_usd:
            self._cost_of(attempt.provider, attempt.model).inc(attempt.cost_usd)
        self._genai.hear(call)

    def _turn(self, turn: Turn) -> None:
        self._ended_by(turn.state, turn.task, turn.provider or "none").inc()
        self._tries.observe(len(turn.attempts))
        if turn.streamed:
            self._ends.labels(turn.state).inc()
        if turn.timing.first_token_ms is not None:
            self._first.observe(turn.timing.first_token_ms / 1e3)
        if turn.timing.overhead_ms is not None:
            self._overhead.observe(turn.timing.overhead_ms / 1e3)
        if turn.timing.context_ms is not None:
            self._context.observe(turn.timing.context_ms / 1e3)
        for layer in turn.receipt.layers if turn.receipt else ():
            sent, full = self._layer(layer.name)
            sent.inc(layer.tokens)
            full.inc(layer.full_tokens)


@dataclass(frozen=True, slots=True, eq=False)
class _Read(Collector):
    """Figures that are read when they are asked for."""

    family: type[CounterMetricFamily | GaugeMetricFamily]
    name: str
    help_text: str
    labels: Sequence[str]
    rows: Rows

    def collect(self) -> Iterator[Metric]:
        family = self.family(self.name, self.help_text, labels=self.labels)
        for labels, value in self.rows():
            family.add_metric(labels, value)
        yield family
