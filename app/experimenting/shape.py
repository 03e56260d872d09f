"""An experiment as it is told: to clients, and to who watches."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.choices.experiments.results import ArmResult, Contrast, Results
from app.choices.experiments.rule import Conclusion
from app.vocabulary import Experiment

_DIGITS = 4


def head(experiment: Experiment) -> dict[str, Any]:
    """What an experiment is, without what it shows."""
    one = experiment
    return {
        "id": one.id,
        "name": one.name,
        "choice": one.choice,
        "state": one.state,
        "control": one.control,
        "arms": [asdict(share) for share in one.arms],
        "traffic": one.traffic,
        "unit": one.unit,
        "eligible": asdict(one.eligible),
        "design": asdict(one.design),
        "guardrails": asdict(one.guardrails),
        "created_at": one.created_at,
        "ends_at": one.ends_at,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
        "ended_why": one.ended_why,
    }


def shown(experiment: Experiment, found: Results, then: Conclusion) -> Mapping[str, Any]:
    """An experiment with what it shows."""
    return head(experiment) | {
        "results": {
            "arms": [_arm(one) for one in found.arms],
            "contrasts": [_contrast(one) for one in found.contrasts],
            "segments": [_contrast(one) for one in found.segments],
            "sample_ratio": {
                "even": found.dealt.even,
                "e_value": _rounded(found.dealt.evidence),
                "p_value": _rounded(found.dealt.p),
            },
        },
        "conclusion": {"then": then.then, "arm": then.arm, "why": then.why},
    }


def _arm(one: ArmResult) -> dict[str, Any]:
    return {name: _rounded(value, 6) if isinstance(value, float) else value for name, value in vars(one).items()}


def _contrast(one: Contrast) -> dict[str, Any]:
    by, (treated, control) = one.compared, one.measured
    return {
        "arm": one.arm,
        "segment": one.segment,
        "measured": {"arm": treated, "control": control},
        "effect": by and _rounded(by.effect),
        "low": by and _rounded(by.low),
        "high": by and _rounded(by.high),
        "p_value": by and _rounded(by.p, 6),
        "e_value": by and _rounded(by.e),
        "explained": by and _rounded(by.explained),
    }


def _rounded(value: float | None, digits: int = _DIGITS) -> float | None:
    return None if value is None else round(value, digits)
