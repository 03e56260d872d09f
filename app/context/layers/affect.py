"""How the learner seems to feel, and what to do about it.

It is there because the same hint helps who is at ease and loses who is about to give up. Nothing is said unless the
reading is sure enough to act on.
"""

from app.context.brief import Brief, Item, affect_band
from app.context.layers.layer import Layer, Supply, lines
from app.policy import AffectBand
from app.vocabulary import Affect

_SURE = 0.5

_GUIDANCE: dict[AffectBand, str] = {
    "low": "Name it in half a sentence, then make the next step small enough to succeed.",
    "high": "Keep the pace; a harder step is welcome.",
}


def _supply(brief: Brief) -> Supply | None:
    feeling, band = brief.feeling, affect_band(brief.feeling)
    guidance = _GUIDANCE.get(band) if band else None
    if guidance is None or (feeling.confidence or 0.0) < _SURE:
        return None
    items = (Item("affect", f"{_named(feeling)} {guidance}"),)
    return Supply((feeling.label, band), lines("How they seem to feel:", lambda: items))


def _named(feeling: Affect) -> str:
    return f"Probably {feeling.label}." if feeling.label else ""


LAYER = Layer("affect", "notes", _supply, of="learner")
