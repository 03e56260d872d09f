"""What an arm brings in a situation by its features: one Bayesian linear model for each arm, updated in place."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_VARIANCE = 0.25
"""Of a weight before anything was seen, in logits: half a logit is a large effect in teaching."""


class Linear:
    """Normal beliefs about the weights of each arm: `mean` (arms × features) and `covariance` (arms × features ×
    features).

    >>> model = Linear(2)
    >>> model.widen(1)
    >>> x = np.array([1.0, 0.0])
    >>> _, _, spread = model.one(0, x)
    >>> model.learn(0, spread, gain=0.8, precision=0.2)
    >>> model.mean[0].round(3).tolist(), model.covariance[0].round(3).tolist()
    ([0.2, 0.0], [[0.238, 0.0], [0.0, 0.25]])
    """

    def __init__(self, features: int) -> None:
        self.features = features
        self.mean: Array = np.zeros((0, features))
        self.covariance: Array = np.zeros((0, features, features))
        self._flat: Array = self.covariance.reshape(0, features)

    def widen(self, arms: int) -> None:
        """Makes room for so many arms."""
        more = arms - len(self.mean)
        if more > 0:
            fresh = np.tile(np.eye(self.features) * _VARIANCE, (more, 1, 1))
            self.set(
                np.concatenate([self.mean, np.zeros((more, self.features))]),
                np.concatenate([self.covariance, fresh]),
            )

    def set(self, mean: Array, covariance: Array) -> None:
        """Takes these beliefs."""
        self.mean, self.covariance = mean, np.ascontiguousarray(covariance)
        self._flat = self.covariance.reshape(-1, self.features)

    def all(self, x: Array) -> tuple[Array, Array]:
        """Mean and variance of what each arm brings where the features are `x`."""
        spread: Array = self._flat.dot(x).reshape(-1, self.features)
        return self.mean.dot(x), spread.dot(x)

    def one(self, arm: int, x: Array) -> tuple[float, float, Array]:
        """Mean and variance of what one arm brings, and its covariance with each weight."""
        spread: Array = self.covariance[arm].dot(x)
        return float(self.mean[arm].dot(x)), float(spread.dot(x)), spread

    def learn(self, arm: int, spread: Array, gain: float, precision: float) -> None:
        """Moves the belief along the covariance `spread` with what was seen: by `gain` in the mean, by `precision` in
        what is known."""
        mean, covariance = self.mean[arm], self.covariance[arm]
        mean += spread * gain
        spread *= precision**0.5
        covariance -= spread.reshape(-1, 1).dot(spread.reshape(1, -1))

    def natural(self) -> tuple[Array, Array]:
        """The same beliefs as precision and shift (precision × mean), which add up over observations."""
        precision = np.linalg.inv(self.covariance)
        return precision, (precision @ self.mean[:, :, None])[:, :, 0]

    def set_natural(self, precision: Array, shift: Array) -> None:
        """Takes beliefs that are given as precision and shift."""
        covariance = np.linalg.inv(precision)
        self.set((covariance @ shift[:, :, None])[:, :, 0], covariance)

    def fade(self, left: float) -> None:
        """Lets go of all but this share of what was learned."""
        precision, shift = self.natural()
        prior = np.eye(self.features) / _VARIANCE
        self.set_natural(prior + left * (precision - prior), left * shift)
