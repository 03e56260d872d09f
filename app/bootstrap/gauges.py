"""The figures that are read when somebody asks for them."""

from app.analytics.health import Health
from app.analytics.meters import Meters
from app.bootstrap.background import Background
from app.bootstrap.learning import Learning
from app.context.fragments import Fragments
from app.context.memory.recalls import Recalls
from app.context.preload import Preload
from app.later import Later
from app.learner.calibration import Calibration
from app.responses.responses import Responses
from app.routing.breaker import State
from app.routing.known import Known
from app.routing.router import Router
from app.running import Running
from app.spending import Spending
from app.storage.snapshots import Snapshots
from app.summarizing import Summarizing


def gauges(meters: Meters, running: Running, health: Health) -> None:
    """How busy this process is."""
    meters.gauge("masterx_turns_running", "Turns under way in this process", lambda: len(running))
    meters.gauge("masterx_ready", "1 while this process may take traffic", lambda: float(health.ready))
    meters.gauge(
        "masterx_loop_lag_seconds",
        "The most that anybody waited for the event loop in the last 10 s",
        lambda: _lag(health),
    )
    meters.gauges(
        "masterx_part_seconds",
        "How long a part usually took to answer in the last minute",
        ("part",),
        lambda: [((name,), ms / 1e3) for name in health.parts if (ms := health.usual(name)) is not None],
    )


def background(meters: Meters, background: Background) -> None:
    """What goes on beside requests."""
    meters.counts(
        "masterx_background_failures",
        "Failures of work that goes on in the background and was started again, by the name of the work",
        "work",
        lambda: background.failures,
    )


def _lag(health: Health) -> float:
    return health.lag.ms / 1e3


def cache_counts(meters: Meters, snapshots: Snapshots, responses: Responses) -> None:
    """How often what is kept was of use."""
    counts = meters.counts
    counts("masterx_snapshot_lookups", "Sessions' snapshots found warm", "result", lambda: snapshots.lookups)
    counts("masterx_response_cache", "Questions by how the answer came", "result", lambda: responses.results)
    counts("masterx_response_bypasses", "Questions not for the cache", "why", lambda: responses.bypasses)


def fragments(meters: Meters, fragments: Fragments) -> None:
    """How often a layer of a context was there already."""
    meters.counts(
        "masterx_context_fragments",
        "Rendered layers of contexts, by whether one was warm",
        "result",
        lambda: fragments.lookups,
    )


def money(meters: Meters, spending: Spending) -> None:
    """Budgets."""
    meters.counts(
        "masterx_budget_usd", "US dollars held for turns and charged after them", "kind", lambda: spending.money
    )
    meters.counts(
        "masterx_budget_short",
        "Turns for which a budget was short, by what came of it",
        "instead",
        lambda: spending.short,
    )


def waiting(meters: Meters, later: Later) -> None:
    """Questions that wait for a model."""
    meters.gauge(
        "masterx_questions_waiting",
        "Questions of all replicas that waited for a model at the last look; at most 1,000 are seen",
        lambda: later.waiting,
    )
    meters.counts(
        "masterx_questions_settled",
        "Questions asked later by this process, by how that ended",
        "state",
        lambda: later.settled,
    )


def summaries(meters: Meters, summarizing: Summarizing) -> None:
    """What models made of older stretches."""
    meters.counts(
        "masterx_summaries",
        "Summaries that a model was asked for, by what became of them",
        "result",
        lambda: summarizing.results,
    )


def memories(meters: Meters, recalls: Recalls, preload: Preload) -> None:
    """Indices of what learners said."""
    warm, ahead = recalls.warm, recalls.ahead
    meters.gauge("masterx_memories_warm", "Learners whose memory is at hand in this process", lambda: len(warm))
    meters.gauge("masterx_memories_bytes", "About how many bytes those take", lambda: warm.size)
    meters.counts(
        "masterx_memory_lookups", "Questions to memories, by how they were there", "result", lambda: recalls.lookups
    )
    meters.counts(
        "masterx_preloads",
        "Memories fetched ahead of a turn, by what became of it",
        "result",
        lambda: {**ahead.counts, "dropped": preload.dropped, "evicted": warm.evicted},
    )


def learning(meters: Meters, learning: Learning) -> None:
    """What is learned of learners, and how well it foretells."""
    grading = learning.grading
    meters.counts("masterx_answers", "Graded answers by what became of them", "what", lambda: grading.answers)
    meters.gauges(
        "masterx_prediction_log_loss",
        "Log loss over this process's last 2,000 answers: of predictions, and of always saying the share of right ones",
        ("by",),
        lambda: [((by,), loss) for by, loss in _losses(grading.calibration) if loss is not None],
    )
    meters.gauge(
        "masterx_prediction_bias",
        "Mean prediction less share of right answers, over the same",
        lambda: grading.calibration.bias() or 0.0,
    )
    meters.gauge("masterx_predictions", "Answers that these figures rest on", lambda: len(grading.calibration))


def _losses(calibration: Calibration) -> list[tuple[str, float | None]]:
    return [("model", calibration.log_loss()), ("rate", calibration.rate_log_loss())]


def routing_gauges(meters: Meters, router: Router) -> None:
    """How models stand."""
    guard, entries = router.guard, router.entries
    meters.gauges(
        "masterx_breaker_state",
        "1 for the state that a model's breaker is in",
        ("provider", "model", "state"),
        lambda: [((e.provider, e.model, s), float(guard.standing(e).state is s)) for e in entries for s in State],
    )
    meters.gauges(
        "masterx_provider_silent",
        "1 while a model is thought to have fallen silent",
        ("provider", "model"),
        lambda: [((e.provider, e.model), float(guard.pulse(e, stream=True).silent)) for e in entries],
    )
    meters.gauges(
        "masterx_provider_left",
        "What is left of a model's rate limit, where it is known",
        ("provider", "model", "limit"),
        lambda: [
            ((e.provider, e.model, limit), left) for e in entries for limit, left in _left(guard.figures.known(e))
        ],
    )
    meters.gauges(
        "masterx_provider_throttled",
        "Share of calls that are kept back because a model would turn them down",
        ("provider", "model"),
        lambda: [((e.provider, e.model), guard.figures.known(e).throttled) for e in entries],
    )
    meters.gauge("masterx_retry_tokens", "What is left for second attempts", lambda: router.retries.tokens)


def _left(known: Known) -> list[tuple[str, float]]:
    return [(limit, left) for limit, left in zip(("requests", "tokens"), known.left, strict=True) if left is not None]
