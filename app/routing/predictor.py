"""How a call of a model would go, from what is known before it is made: a network of 10, 128 and 4 that learns online.

It says what to add to a trivial forecast, not the forecast itself: its last layer begins at zero, so that a network
that learned nothing says what the mean of late says, and a model that drifts takes its level from that mean. Only that
counts in which a call differs from those of late, so their mean is taken off each feature.

Times and tokens are learned as logarithms under Huber's loss (1964), the failure as a logit. What was cut off is a
lower bound (Tobin 1958): it moves the forecast up, and only where that lies below.

The steps are those of normalised least mean squares (Haykin, Adaptive Filter Theory, 6) at a constant rate, so that
old calls are forgotten at the pace of new ones, and bounded, whatever was seen.
"""

from math import exp, isfinite, log

import numpy as np
from numpy.typing import NDArray

from app.routing.forecast import Features, Forecast, Levels, Seen, excess

KNOWN = 50
"""Calls to learn from before it says anything."""

HIDDEN = 128
_INPUTS, _OUTPUTS = len(Features._fields) + 1, len(Forecast._fields)
_FIRST = _INPUTS * HIDDEN
_LAST = _FIRST + (HIDDEN + 1) * _OUTPUTS
"""Where the weights of each layer end in the block of all; the means of the features follow."""

_RATE = 0.05
"""How much of an error one step takes away, as a share."""

_STEEP = 1.0
"""Errors longer than this pull no more than one that is (Huber's delta)."""

_LEAST, _MOST = -9.0, 16.0
"""Logarithms of what is ever said of seconds and of tokens: from 0.1 ms to 100 days."""

_SHARE = 0.02
"""The least share of failures, and of successes, that is thought possible."""

_GAIN = 1 / 32
"""Weight of a new call in the means of the features."""

_REAL = np.float32
_Array = NDArray[np.float32]


class Predictor:
    """Foretells the calls of one model of one provider, as a stream or in one piece, and learns from each.

    `chance` gives the first weights: the same chance and the same calls make the same predictor.
    """

    def __init__(self, chance: np.random.Generator) -> None:
        self.learned = 0
        self.levels = Levels()
        # One block of weights and one of their step, so that a step is one subtraction.
        self._weights = np.zeros(_LAST + _INPUTS - 1, _REAL)
        self._step = np.zeros_like(self._weights)
        self._first, self._last, self._centre = _parts(self._weights)
        self._first_step, self._last_step, self._centre_step = _parts(self._step)
        self._first[:] = chance.normal(0.0, _INPUTS**-0.5, self._first.shape)
        # Filled anew for each call, with the views on them: making them would take longer than filling them. Below, the
        # last argument is what is filled; `np.dot` and `out=` say the same and take a tenth longer.
        self._input, self._hidden = np.ones(_INPUTS, _REAL), np.ones(HIDDEN + 1, _REAL)
        self._output, self._pulls = np.zeros(_OUTPUTS, _REAL), np.zeros(_OUTPUTS, _REAL)
        self._back, self._slope = np.zeros(HIDDEN, _REAL), np.zeros(HIDDEN, _REAL)
        self._units, self._outgoing = self._hidden[:-1], self._last[:-1]
        self._features = self._input[:-1]
        self._input_column, self._hidden_column = self._input[:, None], self._hidden[:, None]
        self._back_row, self._pulls_row = self._back[None, :], self._pulls[None, :]

    def predict(self, features: Features) -> Forecast | None:
        """How a call would go; `None` while fewer than `KNOWN` were seen."""
        if self.learned < KNOWN:
            return None
        first, total, failure, tokens = self._said(features)
        return Forecast(_amount(first), _amount(max(first, total)), _share(failure), _amount(tokens))

    def learn(self, features: Features, seen: Seen) -> None:
        """Goes a step towards how a call went that was made at `features`."""
        first, total, failure, tokens = self._said(features)
        targets = seen.targets
        self._towards(
            _pull(first, targets.first_token, targets.waited),
            _pull(total, targets.total, targets.cut),
            _pull(_share(failure), targets.failure),
            _pull(tokens, targets.tokens),
        )
        self.levels = self.levels.after(targets)
        self.learned += 1

    def _said(self, features: Features) -> tuple[float, float, float, float]:
        """The four forecasts as they are learned: logarithms, and a logit."""
        self._features[:] = features
        np.subtract(self._features, self._centre, self._features)
        self._input.dot(self._first, self._units)
        np.tanh(self._units, self._units)
        self._hidden.dot(self._last, self._output)
        first, total, failure, tokens = self._output.tolist()
        levels = self.levels
        return (
            features.level + first,
            (levels.total or 0.0) + total,
            _logit(features.share) + failure,
            (levels.tokens or 0.0) + tokens,
        )

    def _towards(self, *pulls: float) -> None:
        """Backpropagation, and a step that is the shorter the more there is that goes: it takes the same share of an
        error away, however large the features are. One that is no number is not taken."""
        rate = _RATE / (float(self._input.dot(self._input)) + float(self._hidden.dot(self._hidden)))
        if not isfinite(rate * sum(pulls)):
            return
        self._pulls[:] = [rate * pull for pull in pulls]
        self._outgoing.dot(self._pulls, self._back)
        np.multiply(self._units, self._units, self._slope)
        np.subtract(1.0, self._slope, self._slope)
        np.multiply(self._back, self._slope, self._back)
        self._input_column.dot(self._back_row, self._first_step)
        self._hidden_column.dot(self._pulls_row, self._last_step)
        np.multiply(self._features, -_GAIN, self._centre_step)
        np.subtract(self._weights, self._step, self._weights)


def _parts(block: _Array) -> tuple[_Array, _Array, _Array]:
    """Both layers, and the means of the features."""
    first, last, centre = block[:_FIRST], block[_FIRST:_LAST], block[_LAST:]
    return first.reshape(_INPUTS, HIDDEN), last.reshape(HIDDEN + 1, _OUTPUTS), centre


def _pull(said: float, seen: float | None, at_least: bool = False) -> float:
    """How strongly an error pulls: as far as it is, up to `_STEEP`."""
    error = excess(said, seen, at_least)
    return error if -_STEEP < error < _STEEP else max(-_STEEP, min(_STEEP, error))


def _amount(logarithm: float) -> float:
    return exp(logarithm if _LEAST < logarithm < _MOST else max(_LEAST, min(_MOST, logarithm)))


def _logit(share: float) -> float:
    share = share if _SHARE < share < 1 - _SHARE else max(_SHARE, min(1 - _SHARE, share))
    return log(share / (1 - share))


def _share(logit: float) -> float:
    return 1 / (1 + _amount(-logit))
