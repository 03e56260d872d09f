"""A message that is read: what is asked of the router, and how the cache of answers tells it from others."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.context.assemble import Assembly
from app.learner.hearing import Heard
from app.policy import Policy
from app.providers.port import Provider
from app.responses.key import ResponseKey
from app.responses.responses import Lookup
from app.routing.answer import Request
from app.routing.classify import classify
from app.routing.money import Purse, unlimited
from app.routing.rank import Wanted
from app.vocabulary import Alarm, Ask, Decision, Prompt, Snapshot, Task


@dataclass(frozen=True, slots=True)
class Prepared:
    """A turn that is read and has its context, before anything is asked of anyone."""

    snapshot: Snapshot
    heard: Heard
    wanted: Wanted
    strategy: str
    assembly: Assembly
    request: Request
    started: float
    context_ms: float
    decisions: tuple[Decision, ...] = ()
    purse: Purse = field(default_factory=unlimited)


def aim(ask: Ask, policy: Policy, *, cared: bool) -> tuple[Task, str]:
    """What a message is for and the strategy to answer it by; who is `cared` for is not taught."""
    if cared:
        support = Task.EMOTIONAL_SUPPORT
        return support, policy.safety.strategy or policy.tasks[support]
    task = ask.task or classify(ask.message)
    return task, policy.tasks[task]


def wanted(ask: Ask, task: Task, assembly: Assembly, policy: Policy) -> Wanted:
    """What the models that are asked must be fit for, and whom the workspace forbids."""
    return Wanted(
        task=task,
        mode=policy.routing.mode,
        model=ask.model,
        forbidden=policy.forbidden(ask.workspace),
        last_resort=ask.answers is None,
        prompt_tokens=assembly.receipt.tokens,
        max_tokens=min(ask.sampling.max_tokens or policy.answer.max_tokens, policy.answer.max_tokens),
    )


def whom(
    fit: Wanted, alarm: Alarm | None, policy: Policy, candidates: Callable[[Wanted], tuple[Provider, ...]]
) -> tuple[Wanted, tuple[Provider, ...]]:
    """Who is asked, in order; nobody's rules answer a learner who may be in danger, and no model where help lines are
    to stand alone."""
    if alarm is None:
        return fit, candidates(fit)
    fit = replace(fit, last_resort=False)
    return fit, candidates(fit) if policy.safety.answer == "first" else ()


def request(ask: Ask, assembly: Assembly, policy: Policy, whom: tuple[Wanted, tuple[Provider, ...]]) -> Request:
    """What the router is asked: the caller's wishes within what the policy allows."""
    wish, routing, (fit, candidates) = ask.sampling.temperature, policy.routing, whom
    prompt = Prompt(
        messages=assembly.messages,
        max_tokens=fit.max_tokens,
        temperature=policy.answer.temperature if wish is None else wish,
        stream=ask.stream,
        tokens=fit.prompt_tokens,
    )
    return Request(
        prompt,
        candidates,
        routing.deadline,
        hedged=routing.hedge.share if fit.task in routing.hedge.tasks else 0.0,
        continued=routing.continued or None,
    )


def lookup(ask: Ask, prepared: Prepared, policy: Policy) -> Lookup:
    """The turn as the cache of answers tells it from others."""
    prompt = prepared.request.prompt
    key = ResponseKey(
        workspace=ask.workspace,
        policy=policy.version,
        task=prepared.wanted.task,
        hint_level=None,
        mastery_band=None,
        language=None,
        material=None,
        # In an order of their own: who is asked first changes from turn to turn, who may answer does not.
        models=tuple(sorted((p.entry for p in prepared.request.candidates), key=lambda e: (e.provider, e.model))),
        messages=prompt.messages,
        max_tokens=prompt.max_tokens,
        temperature=prompt.temperature,
    )
    return Lookup(key, policy.responses, prepared.assembly.receipt, ask.stream)
