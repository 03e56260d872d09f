"""In which order models are asked: pure, from what is wanted and what is known of each.

First, who may be asked at all: not whom the workspace forbids, not whose context window is too small for prompt and
answer, not who is said to be worth nothing for the task (strength 0), unless it was named. Then a score, the greater
the better:

    quality     strength
    latency     -first / success                            first token, expected seconds
    throughput  -(first + tokens / speed) / success         the whole answer, expected seconds
    cost        -dollars                                    prompt and the longest answer, at the catalogue's prices
    adaptive    strength * success * (1 + seen * (0.4 * (pace - 1/2) + 0.1 * (thrift - 1/2)))

`success` is 1 less the share of calls that failed; ten calls that went well are thought to have been before, as many
as a breaker asks for before it judges. `first` and `speed` have one such call, as good as that of the best candidate:
who is unknown may be the best, and is tried. An unknown price is the mean of the others'. `pace` is 1 s / (1 s +
first), `thrift` the cheapest candidate's price by the model's own, and `seen` n / (n + 3) after n first tokens of the
candidate that is known best: while nothing has been seen, the strengths that the operator stated decide alone. First
tokens and speeds are those of streams; failures are those of all calls.

Equals are in the order of their strength for the task, then in that of the catalogue. Models without room in their rate
limits come after those with room.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.providers.port import Entry, Provider
from app.routing.health import Estimate
from app.routing.known import Known
from app.routing.quotas import fits
from app.vocabulary import Mode, Task, Usage

UNSTATED = 0.5
"""Strength of a model for a task that the catalogue does not mention."""

_PRIOR_SUCCESSES = 10.0
_PRIOR_CALLS = 1.0
_HALF_SEEN = 3.0
_FIRST = 1.0
"""Seconds to a first token that are neither good nor bad, and those of everybody while nobody is known."""

_SPEED = 50.0
"""Tokens per second of everybody while nobody is known."""

_PACE, _THRIFT = 0.4, 0.1
_FIT = 0.8
"""A model whose score is so much of its strength, beside the best one's share, is well enough to be chosen."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a turn needs: for which task, in which mode, of this `model` alone where one is named, from none of the
    providers that are `forbidden`, of the last resort only if it will do; tokens of the prompt and of the longest
    answer."""

    task: Task
    mode: Mode = Mode.ADAPTIVE
    model: str | None = None
    forbidden: frozenset[str] = frozenset()
    last_resort: bool = True
    prompt_tokens: int = 0
    max_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that might be asked, and what is known of it."""

    provider: Provider
    known: Known


@dataclass(frozen=True, slots=True)
class Terms:
    """What a score is made of: first token and whole answer in expected seconds, cost in US dollars."""

    strength: float
    success: float
    first: float
    whole: float
    dollars: float
    seen: float
    thrift: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A model in its place: its score, what that is made of, and whether its limits have room for the call."""

    provider: Provider
    known: Known
    score: float
    terms: Terms
    room: bool


def excluded(entry: Entry, wanted: Wanted) -> str | None:
    """Why a model may not be asked at all; `None` where it may."""
    tokens = wanted.prompt_tokens + min(wanted.max_tokens, entry.max_output)
    if entry.provider in wanted.forbidden:
        return "forbidden in this workspace"
    if tokens > entry.context_window:
        return f"its context window of {entry.context_window} tokens is too small for {tokens}"
    if entry.strengths.get(wanted.task) == 0 and entry.model != wanted.model:
        return "strength 0: not for this task"
    return None


def rank(candidates: Sequence[Candidate], wanted: Wanted) -> tuple[Ranked, ...]:
    """Those who may be asked, best first."""
    able = [one for one in candidates if excluded(one.provider.entry, wanted) is None]
    peers = _Peers.of(able, wanted)
    ranked = [_ranked(one, wanted, peers) for one in able]
    return tuple(sorted(ranked, key=lambda one: (not one.room, -one.score, -one.terms.strength)))


def safest(entries: Sequence[Entry], wanted: Wanted) -> str:
    """The model that the catalogue calls strongest for a task, of all whom the workspace does not forbid, whoever can
    be asked at this moment; the first of equals, empty where there is none."""
    allowed = [one for one in entries if one.provider not in wanted.forbidden]
    return max(allowed, key=lambda one: one.strengths.get(wanted.task, UNSTATED)).name if allowed else ""


def choosable(ranked: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """Those between whom it may be chosen by what they are good for, in their order: the first one, and whose limits
    have room and who is about as well as the best, whatever the strengths: a model that fails or has become slow is for
    `rank` to avoid now, not for a choice that learns over weeks."""
    if not ranked:
        return ()
    best = max(_fitness(one) for one in ranked)
    well = [one for one in ranked[1:] if one.room and _fitness(one) >= _FIT * best]
    return (ranked[0], *well)


def _fitness(ranked: Ranked) -> float:
    return ranked.score / ranked.terms.strength if ranked.terms.strength else 0.0


def why(ranked: Ranked, wanted: Wanted) -> str:
    """What a score is made of, in one line."""
    said = ", ".join(_said(ranked, wanted))
    return said if ranked.room else f"{said}; no room left in its rate limits"


def _said(ranked: Ranked, wanted: Wanted) -> tuple[str, ...]:
    terms = ranked.terms
    strength = f"strength {terms.strength:g}{'' if wanted.task in ranked.provider.entry.strengths else ' (unstated)'}"
    success = f"{terms.success:.0%} success"
    first = f"first token {terms.first:.2f} s{'' if ranked.known.first_token else ' (unknown: as the best)'}"
    match wanted.mode:
        case Mode.QUALITY:
            return (strength,)
        case Mode.LATENCY:
            return first, success
        case Mode.THROUGHPUT:
            return f"whole answer {terms.whole:.1f} s", first, success
        case Mode.COST:
            return (f"up to {terms.dollars:.6f} US dollars",)
        case Mode.ADAPTIVE if terms.seen:
            return strength, success, f"{terms.seen:.0%} seen", first, f"{terms.thrift:.0%} thrift"
        case Mode.ADAPTIVE:
            return strength, success, "nothing seen yet"


@dataclass(frozen=True, slots=True)
class _Peers:
    """The candidates together: the best first token and speed, the mean price and the lowest, how much was seen."""

    seen: float
    first: float
    speed: float
    dollars: float
    cheapest: float | None

    @classmethod
    def of(cls, candidates: Sequence[Candidate], wanted: Wanted) -> "_Peers":
        firsts = [one.known.first_token for one in candidates if one.known.first_token]
        calls = max((first.weight for first in firsts), default=0.0)
        speeds = [one.known.speed.value for one in candidates if one.known.speed]
        prices = [dollars for one in candidates if (dollars := _dollars(one.provider.entry, wanted)) is not None]
        return cls(
            seen=calls / (calls + _HALF_SEEN),
            first=min((first.value for first in firsts), default=_FIRST),
            speed=max(speeds, default=_SPEED),
            dollars=sum(prices) / len(prices) if prices else 0.0,
            cheapest=min(prices, default=None),
        )


def _ranked(candidate: Candidate, wanted: Wanted, peers: _Peers) -> Ranked:
    entry, known = candidate.provider.entry, candidate.known
    tokens = min(wanted.max_tokens, entry.max_output)
    dollars = _dollars(entry, wanted)
    first = _beside(known.first_token, peers.first)
    terms = Terms(
        strength=entry.strengths.get(wanted.task, UNSTATED),
        success=1 - (known.failures.beside(0.0, _PRIOR_SUCCESSES) if known.failures else 0.0),
        first=first,
        whole=first + tokens / _beside(known.speed, peers.speed),
        dollars=peers.dollars if dollars is None else dollars,
        seen=peers.seen,
        thrift=_thrift(dollars, peers.cheapest),
    )
    room = fits(known.left, wanted.prompt_tokens + tokens)
    return Ranked(candidate.provider, known, _score(terms, wanted.mode), terms, room)


def _score(terms: Terms, mode: Mode) -> float:
    match mode:
        case Mode.QUALITY:
            return terms.strength
        case Mode.LATENCY:
            return -terms.first / terms.success
        case Mode.THROUGHPUT:
            return -terms.whole / terms.success
        case Mode.COST:
            return -terms.dollars
        case Mode.ADAPTIVE:
            pace = _FIRST / (_FIRST + terms.first)
            bonus = terms.seen * (_PACE * (pace - 0.5) + _THRIFT * (terms.thrift - 0.5))
            return terms.strength * terms.success * (1 + bonus)


def _beside(known: Estimate | None, best: float) -> float:
    return known.beside(best, _PRIOR_CALLS) if known else best


def _dollars(entry: Entry, wanted: Wanted) -> float | None:
    return entry.prices.cost(Usage(wanted.prompt_tokens, 0, min(wanted.max_tokens, entry.max_output)))


def _thrift(dollars: float | None, cheapest: float | None) -> float:
    """The cheapest price by one's own, 0 to 1; unknown is in the middle.

    >>> _thrift(0.002, 0.001), _thrift(0.0, 0.0), _thrift(None, 0.001)
    (0.5, 1.0, 0.5)
    """
    if dollars is None or cheapest is None:
        return 0.5
    return 1.0 if dollars == cheapest else cheapest / dollars
