"""Which sentences to take first so that few of them say most: greedily, each word counting less once it is covered.

SumBasic (Nenkova & Vanderwende 2005) with idf in the place of frequency.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

_AGAIN = 0.25
"""What a word counts that a better sentence has."""


def idf(sets: Sequence[frozenset[str]]) -> dict[str, float]:
    """How rare each term is among these sets (as in BM25).

    >>> {term: round(worth, 2) for term, worth in sorted(idf([frozenset("ab"), frozenset("b")]).items())}
    {'a': 0.69, 'b': 0.18}
    """
    counts = Counter(term for each in sets for term in each)
    return {term: math.log(1 + (len(sets) - count + 0.5) / (count + 0.5)) for term, count in counts.items()}


def by_cover(said: Sequence[frozenset[str]], factors: Sequence[float], worths: Mapping[str, float]) -> list[int]:
    """The places of the sentences with these terms, best first: by the worth of their terms times their factor.

    Worth only falls as words are covered, so that a sentence is weighed again only when it comes up (Minoux 1978).
    """
    seen: set[str] = set()

    def worth(n: int) -> float:
        return sum(worths[term] * (_AGAIN if term in seen else 1.0) for term in said[n]) * factors[n]

    queue = [(-worth(n), n) for n in range(len(said))]
    heapify(queue)
    order = []
    while queue:
        was, n = heappop(queue)
        now = -worth(n)
        if queue and now > queue[0][0] and now > was + 1e-12:
            heappush(queue, (now, n))
            continue
        order.append(n)
        seen |= said[n]
    return order
