"""Draws an arm by chances that are known, so that its propensity is exact."""

from numpy.random import Generator

from app.choices.port import Chosen
from app.choices.table import Floats


def draw(arms: tuple[str, ...], chances: Floats, rng: Generator, reason: str) -> Chosen:
    """One of the arms, each by its chance (they add up to 1)."""
    left = rng.random()
    known = chances.tolist()
    for arm, chance in zip(arms, known, strict=True):
        left -= chance
        if left < 0.0:
            return Chosen(arm, chance, reason)
    likeliest = max(range(len(arms)), key=known.__getitem__)
    return Chosen(arms[likeliest], known[likeliest], reason)
