"""Which skills a message names, by their names or titles: words compared without their endings. Pure.

Endings are those of English (Porter's second stemmer, snowballstem.org). Words of other languages lose them, too, but
on both sides alike.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from Stemmer import Stemmer

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_READ = 2_000
"""Characters of a message that are looked at."""

_MOST = 8


class Names:
    """Skills by the words of their titles.

    >>> names = Names({"LinearEquations": "Linear equations", "eq": "Equations", "frac_add": "Adding fractions"})
    >>> names.found("Why do I add a fraction like this? And is 2x = 4 a linear equation?")
    ('frac_add', 'LinearEquations')
    """

    __slots__ = ("_by_first",)

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._by_first: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for skill, title in titles.items():
            for words in {stems(title), stems(skill)}:
                if sum(map(len, words)) > 2:  # one letter or two stand in too many words of a sentence
                    self._by_first[words[0]].append((words, skill))
        for named in self._by_first.values():
            named.sort(key=lambda one: -len(one[0]))

    def found(self, message: str) -> tuple[str, ...]:
        """The skills that a message names, in order, eight at most; of names that begin alike the longest."""
        words, found, at = stems(message[:_READ]), dict[str, None](), 0
        while at < len(words) and len(found) < _MOST:
            for name, skill in self._by_first.get(words[at], ()):
                if words[at : at + len(name)] == name or _scattered(name, words, at):
                    found[skill] = None
                    at += len(name) - 1
                    break
            at += 1
        return tuple(found)


def stems(text: str) -> tuple[str, ...]:
    """The words of a text without their endings.

    >>> stems("Adding FractionParts, stories")
    ('add', 'fraction', 'part', 'stori')
    """
    return tuple(_stem()(word.casefold()) for word in _WORD.findall(_CAMEL.sub(" ", text)))


def _scattered(name: tuple[str, ...], words: tuple[str, ...], at: int) -> bool:
    """Whether the rest of a name of some words follows soon, in order: `add a fraction` for `adding fractions`."""
    if len(name) == 1:
        return False
    rest, near = iter(name[1:]), words[at + 1 : at + 2 * len(name)]
    wanted = next(rest)
    for word in near:
        if word == wanted:
            following = next(rest, None)
            if following is None:
                return True
            wanted = following
    return False


@cache
def _stem() -> Callable[[str], str]:
    stem: Callable[[str], str] = Stemmer("english").stemWord
    return stem
