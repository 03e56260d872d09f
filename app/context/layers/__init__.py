"""The layers of context that a policy weighs, in the order of the prompt: what changes rarest comes first."""

from app.context.layers import affect, course, facts, found, mastery, memory, profile, summary
from app.context.layers.layer import Layer

LAYERS: tuple[Layer, ...] = (
    course.LAYER,
    profile.LAYER,
    facts.LAYER,
    memory.LAYER,
    found.RETRIEVED,
    found.MATERIAL,
    summary.LAYER,
    mastery.LAYER,
    affect.LAYER,
)
SYSTEM = tuple(layer for layer in LAYERS if layer.place == "system")
NOTES = tuple(layer for layer in LAYERS if layer.place == "notes")
