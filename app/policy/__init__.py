"""The one versioned document of all that is tunable. A turn reads one version and records which."""

from app.policy.answering import (
    AnswerPolicy,
    BudgetPolicy,
    HedgePolicy,
    ResponsesPolicy,
    RoutingPolicy,
    WorkspacePolicy,
)
from app.policy.choices import STANDARD, ChoicesPolicy, RewardWeights
from app.policy.context import (
    AffectBand,
    CompressionPolicy,
    ContextPolicy,
    ExplorePolicy,
    MasteryBand,
    RecallPolicy,
    Tunable,
    WeightFactors,
)
from app.policy.learners import PathPolicy, SafetyPolicy
from app.policy.policy import Policy, Strategy, load, minor

__all__ = [
    "STANDARD",
    "AffectBand",
    "AnswerPolicy",
    "BudgetPolicy",
    "ChoicesPolicy",
    "CompressionPolicy",
    "ContextPolicy",
    "ExplorePolicy",
    "HedgePolicy",
    "MasteryBand",
    "PathPolicy",
    "Policy",
    "RecallPolicy",
    "ResponsesPolicy",
    "RewardWeights",
    "RoutingPolicy",
    "SafetyPolicy",
    "Strategy",
    "Tunable",
    "WeightFactors",
    "WorkspacePolicy",
    "load",
    "minor",
]
