"""What it costs a turn to be told as a trace, beside OpenTelemetry's own SDK with the same spans and no traces at all.

masterx bench traces [--turns 5000]
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable
from statistics import quantiles
from time import perf_counter, thread_time, time_ns
from typing import Any

from app.analytics.genai import well_known
from app.clock import SystemClock, iso
from app.events import AttemptEnded, TurnEnded
from app.tracing import Pace, Tracing
from app.trail import TRAIL, Trail
from app.vocabulary import Attempt, LayerReceipt, Receipt, State, Timing, Turn, Usage
from bench.report import keep, table

_LAYERS = ("persona", "strategy", "course", "profile", "mastery", "memory", "summary", "history", "message")
_USAGE = Usage(900, 600, 250)
_CALLS = tuple(
    AttemptEnded(Attempt("groq", "llama-3.3-70b", outcome, 350.0, 250, 0.0003), 120.0, _USAGE, streamed=True)
    for outcome in ("down", "ok")
)
_IMPORTED = """
import time, resource
began = time.perf_counter()
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
print((time.perf_counter() - began) * 1e3)
"""


def turn(clock: SystemClock) -> Turn:
    """One like those of a service: nine layers, two calls."""
    layers = tuple(LayerReceipt(name, 120, 300, 1.0, "kept", "it fits") for name in _LAYERS)
    return Turn(
        id=clock.id(),
        workspace="w",
        session_id=clock.id(),
        learner_id="ada",
        seq=1,
        message="Why?",
        created_at=iso(clock.now()),
        state=State.COMPLETE,
        reply="Because " * 200,
        strategy="socratic",
        provider="groq",
        model="llama-3.3-70b",
        usage=_USAGE,
        timing=Timing(1.2, 130.0, 700.0, 4.0),
        attempts=tuple(call.attempt for call in _CALLS),
        policy="1",
        receipt=Receipt(4_000, 1_080, 2_700, "o200k", "1", layers),
        closed_at=iso(clock.now()),
    )


def ours(turns: int) -> dict[str, float]:
    """Microseconds a turn on its own thread, with our own."""
    clock = SystemClock()

    async def posted(_: bytes) -> int:
        return 200

    async def run() -> dict[str, float]:
        tracing = Tracing(posted, clock, "bench", Pace(most=turns))

        def tell(one: Turn) -> None:
            TRAIL.set(Trail("request", one.id, one.session_id))
            for call in _CALLS:
                tracing.hear(call)
            tracing.hear(TurnEnded(one))

        found = _took(tell, [turn(clock) for _ in range(turns)])
        began = thread_time()
        await tracing.leave()
        return {**found, "sending": (thread_time() - began) / turns * 1e6}

    return asyncio.run(run())


def theirs(turns: int) -> dict[str, float]:
    """The same with the SDK; its exporter's thread is not counted, but what it takes of the interpreter's lock is."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.trace import SpanKind

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=turns * 6))
    tracer = provider.get_tracer("bench")

    def tell(one: Turn) -> None:
        now = time_ns()
        told = {"masterx.turn.id": one.id, "gen_ai.conversation.id": one.session_id, "masterx.workspace": one.workspace}
        told |= {"masterx.task": one.task, "masterx.strategy": one.strategy or "", "masterx.state": one.state}
        told |= {"masterx.provider": one.provider or "", "masterx.model": one.model or "", "masterx.policy": "1"}
        facts = {"masterx.cached": one.cached, "masterx.degraded": one.degraded, "masterx.overhead_ms": 4.0}
        root = tracer.start_span("turn", kind=SpanKind.SERVER, start_time=now, attributes={**told, **facts})
        inside = trace.set_span_in_context(root)
        for name in ("context", "open", "close"):
            span = tracer.start_span(name, inside, start_time=now)
            for layer in one.receipt.layers if one.receipt and name == "context" else ():
                span.set_attribute(f"masterx.layer.{layer.name}.tokens", layer.tokens)
                span.set_attribute(f"masterx.layer.{layer.name}.full_tokens", layer.full_tokens)
            span.end(now + 1_000)
        for call in _CALLS:
            asked = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": well_known(call.attempt.provider)}
            asked |= {"gen_ai.request.model": call.attempt.model, "error.type": call.attempt.outcome}
            counted = {"gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 250, "masterx.cost_usd": 0.0003}
            span = tracer.start_span("chat", inside, SpanKind.CLIENT, {**asked, **counted}, start_time=now)
            span.end(now + 1_000)
        root.end(now + 2_000)

    found = _took(tell, [turn(SystemClock()) for _ in range(turns)])
    provider.shutdown()
    return found


def bench(turns: int) -> None:
    """Both on the same turns."""
    rows = {"own exporter": ours(turns), "opentelemetry-sdk": theirs(turns)}
    asked = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    rows["opentelemetry-sdk"]["import"] = float(asked.stdout)
    shown = [
        [name, *(f"{row[what]:.0f}" if what in row else "" for what in ("p50", "p99", "cpu", "sending", "import"))]
        for name, row in rows.items()
    ]
    head = ["", "p50 µs", "p99 µs", "cpu µs", "sending, cpu µs", "import ms"]
    table(f"{turns:,} turns told as traces: six spans each, µs a turn", head, shown)
    keep("traces", {"turns": turns, "rows": rows})


def _took(tell: Callable[[Turn], None], turns: list[Turn]) -> dict[str, float]:
    times, began = [], thread_time()
    for one in turns:
        at = perf_counter()
        tell(one)
        times.append((perf_counter() - at) * 1e6)
    cuts = quantiles(times, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "cpu": (thread_time() - began) / len(turns) * 1e6}


def main(arguments: list[str]) -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(prog="masterx bench traces", description=__doc__)
    parser.add_argument("--turns", type=int, default=5_000)
    bench(parser.parse_args(arguments).turns)
