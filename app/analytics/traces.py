"""A turn that has ended as spans of OpenTelemetry, in OTLP's JSON: how its time was spent, and nothing that was said.

    turn ─┬─ context     with the tokens of each layer
          ├─ open        until a provider was asked: budget, the message made durable, the breaker
          ├─ chat MODEL  each call of a provider, by the names of the GenAI conventions
          └─ close       until the record was durable

Sources: opentelemetry.io/docs/specs/otlp (JSON, with ids in hex); open-telemetry/semantic-conventions-genai,
docs/gen-ai/gen-ai-spans.md. A span's id is made of the turn's, so that a turn that is told twice has the same spans.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from app.analytics.genai import well_known
from app.events import AttemptEnded
from app.trail import Trace, own_trace, span_id
from app.vocabulary import Decision, State, Turn

_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
_ERROR = 2
_CONTEXT, _OPEN, _CLOSE, _FIRST_CALL = 1, 2, 3, 4
_BROKEN = frozenset({State.FAILED, State.INCOMPLETE})
_NO_FAULT = frozenset({"ok", "abandoned", "outrun"})
"""Outcomes of calls that were not their provider's fault."""

Json = dict[str, Any]
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Called:
    """A call and when it ended, in seconds since the epoch."""

    call: AttemptEnded
    ended: float


@dataclass(frozen=True, slots=True)
class Told:
    """What the spans of a turn are made of: `kept` is when its record was durable, in seconds since the epoch, `trace`
    where its caller stands."""

    turn: Turn
    kept: float
    calls: tuple[Called, ...] = ()
    trace: Trace | None = None


def packed(told: Told) -> bytes:
    """The spans of a turn as members of a JSON array."""
    return orjson.dumps(spans(told))[1:-1]


def request(packs: Iterable[bytes], version: str) -> bytes:
    """The body of one `POST /v1/traces` (an ExportTraceServiceRequest)."""
    who = orjson.dumps({"attributes": _attributes({"service.name": "masterx", "service.version": version})})
    head = b'{"resourceSpans":[{"resource":%b,"scopeSpans":[{"scope":{"name":"masterx"},"spans":[' % who
    return b"%b%b]}]}]}" % (head, b",".join(packs))


def spans(told: Told) -> list[Json]:
    """The spans of a turn, the turn's own first."""
    turn, trace = told.turn, told.trace
    trace_id = trace.id if trace else own_trace(turn.id)
    opened, closed = _epoch(turn.created_at), _epoch(turn.closed_at) if turn.closed_at else told.kept
    began = min(closed - (turn.timing.total_ms or 0) / 1e3, opened)
    read = opened - (turn.timing.context_ms or 0) / 1e3
    asked = min([one.ended - one.call.attempt.ms / 1e3 for one in told.calls], default=None)
    made = [
        _span(0, "turn", _SERVER, (began, told.kept)) | _status(turn) | _events(turn, opened),
        _span(_CONTEXT, "context", _INTERNAL, (max(read, began), opened)) | _layers(turn),
        *([_span(_OPEN, "open", _INTERNAL, (opened, max(asked, opened)))] if asked else []),
        *(_call(n, one) for n, one in enumerate(told.calls, _FIRST_CALL)),
        _span(_CLOSE, "close", _INTERNAL, (closed, told.kept)),
    ]
    root = span_id(turn.id)
    for one in made:
        one["spanId"], one["traceId"] = span_id(turn.id, one["spanId"]), trace_id
        one["parentSpanId"] = root
    made[0]["parentSpanId"] = trace.parent if trace else ""
    return made


def _call(n: int, one: Called) -> Json:
    attempt, usage = one.call.attempt, one.call.usage
    fine = attempt.outcome == "ok"
    made = _span(n, f"chat {attempt.model}", _CLIENT, (one.ended - attempt.ms / 1e3, one.ended))
    made["attributes"] = _attributes(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": well_known(attempt.provider),
            "gen_ai.request.model": attempt.model,
            "gen_ai.request.stream": one.call.streamed,
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "error.type": None if fine else attempt.outcome,
            "masterx.first_token_ms": one.call.first_token_ms,
            "masterx.cost_usd": attempt.cost_usd,
        }
    )
    return made if attempt.outcome in _NO_FAULT else made | {"status": {"code": _ERROR, "message": attempt.outcome}}


def _status(turn: Turn) -> Json:
    told = {
        "gen_ai.conversation.id": turn.session_id,
        "masterx.turn.id": turn.id,
        "masterx.workspace": turn.workspace,
        "masterx.task": turn.task,
        "masterx.strategy": turn.strategy,
        "masterx.state": turn.state,
        "masterx.provider": turn.provider,
        "masterx.model": turn.model,
        "masterx.policy": turn.policy,
        "masterx.cached": turn.cached,
        "masterx.degraded": turn.degraded,
        "masterx.continued": turn.continued,
        "masterx.first_token_ms": turn.timing.first_token_ms,
        "masterx.overhead_ms": turn.timing.overhead_ms,
        "masterx.cost_usd": turn.usage.cost_usd,
    }
    status = {"status": {"code": _ERROR, "message": turn.problem or ""}} if turn.state in _BROKEN else {}
    return {"attributes": _attributes(told), **status}


def _events(turn: Turn, at: float) -> Json:
    return {"events": [_event("decision", at, _decided(one)) for one in turn.decisions]}


def _decided(one: Decision) -> Mapping[str, Value]:
    """Not its context, which says how the learner is, and not its reason."""
    return {
        "masterx.choice": one.choice,
        "masterx.arm": one.arm,
        "masterx.arms": len(one.arms),
        "masterx.propensity": one.propensity,
        "masterx.how": one.how,
        "masterx.critical": one.critical,
        "masterx.experiment": one.experiment,
    }


def _layers(turn: Turn) -> Json:
    receipt = turn.receipt
    if receipt is None:
        return {}
    told: dict[str, Value] = {
        "masterx.context.budget": receipt.budget,
        "masterx.context.tokens": receipt.tokens,
        "masterx.context.full_tokens": receipt.full_tokens,
        "masterx.context.memory": receipt.memory,
    }
    for layer in receipt.layers:
        told[f"masterx.layer.{layer.name}.tokens"] = layer.tokens
        told[f"masterx.layer.{layer.name}.full_tokens"] = layer.full_tokens
    return {"attributes": _attributes(told)}


def _span(n: int, name: str, kind: int, when: tuple[float, float]) -> Json:
    began, ended = when
    return {
        "spanId": n,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": _nanos(began),
        "endTimeUnixNano": _nanos(max(ended, began)),
    }


def _event(name: str, at: float, attributes: Mapping[str, Value]) -> Json:
    return {"name": name, "timeUnixNano": _nanos(at), "attributes": _attributes(attributes)}


def _attributes(values: Mapping[str, Value]) -> list[Json]:
    return [
        # Exact types: most are texts, and this is what a turn's trace costs most for.
        {"key": key, "value": {"stringValue": value} if type(value) is str else _value(value)}
        for key, value in values.items()
        if value is not None
    ]


def _value(value: Value) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _epoch(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _nanos(seconds: float) -> str:
    """Nanoseconds since the epoch, to the microsecond that a float has."""
    return f"{round(seconds * 1e6)}000"
