"""How good the forecasts of a model's first token are, beside the trivial one: made before a call, judged after."""

from dataclasses import dataclass

_GAIN = 1 / 128
"""Weight of a new call in the errors: those of the last few hundred count."""


@dataclass(frozen=True, slots=True)
class Skill:
    """Mean absolute errors of late of the logarithm of the first token, of those calls that spoke."""

    learned: int = 0
    """Calls learned from."""

    judged: int = 0
    """Calls that were foretold and spoke."""

    error: float | None = None
    """Of the forecast."""

    trivial: float | None = None
    """Of the mean of late, which an exponentially weighted mean of the logarithms gives."""

    @property
    def score(self) -> float | None:
        """The share of the trivial error that is avoided; below 0 the mean of late does better.

        The skill score of Murphy (1988), over absolute errors.

        >>> Skill(learned=500, judged=450, error=0.3, trivial=0.4).score
        0.25
        """
        if self.error is None or not self.trivial:
            return None
        return round(1 - self.error / self.trivial, 6)

    def after(self, said: float, trivial: float, seen: float) -> "Skill":
        """With one call more that spoke; all three are logarithms of seconds."""
        judged = self.judged + 1
        gain = max(_GAIN, 1 / judged)
        error, plain = self.error or 0.0, self.trivial or 0.0
        return Skill(
            self.learned,
            judged,
            error + gain * (abs(said - seen) - error),
            plain + gain * (abs(trivial - seen) - plain),
        )
