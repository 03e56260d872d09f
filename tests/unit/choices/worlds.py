"""Situations, options, and a world of arms whose worth is known."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from app.choices.port import Chooser, Options, Outcome, Situation

NOW = 1_790_000_000.0
DAY = 86_400.0
ARMS = ("ask/short", "ask/long", "tell/short", "tell/long")
OPTIONS = Options(ARMS, "tell/short", frozenset({"tell/short"}), {})


def situation(context: str = "practice/maths/calm", at: float = NOW, learner: str = "") -> Situation:
    """A situation whose domain is its task."""
    number = sum(map(ord, context)) % 7 / 7
    return Situation(context, context.partition("/")[0], (1.0, number), learner, False, at, baseline=OPTIONS.baseline)


@dataclass
class World:
    """Arms that succeed with these chances, whatever the context; rewards come after each choice."""

    chances: dict[str, float]
    rng: Generator
    harmful: frozenset[str] = frozenset()

    def live(self, chooser: Chooser, times: int, start: Situation, step: float = 60.0) -> list[str]:
        """Lets a chooser choose and learn so many times; gives what it chose."""
        chosen = []
        for n in range(times):
            here = replace(start, at=start.at + n * step)
            arm = chooser.decide(here, OPTIONS, self.rng).arm
            reward = float(self.rng.random() < self.chances[arm])
            chooser.learn(here, Outcome(arm, reward, harm=arm in self.harmful and self.rng.random() < 0.3))
            chosen.append(arm)
        return chosen


def world(seed: int = 1) -> World:
    """A world where one arm is the best."""
    return World(dict(zip(ARMS, (0.3, 0.4, 0.5, 0.8), strict=True)), np.random.default_rng(seed))
