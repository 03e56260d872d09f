"""The words that a text is about, in a form in which two texts can be compared."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿฀-๿]")
"""Scripts that put no space between words."""

_EMPTY_WORDS = (
    "a an the of to in on at for and or but is are was were be been being do does did done has have had having i you "
    "he she it we they me him her us them my your his its our their this that these those with as by from about into "
    "over after before during what which who whom whose when where why how would could should can will shall may might "
    "must so if then than too very just also any some there here up out off down again more most other such own same "
    "both each few s t m re ve ll d "
    "der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren sein ich du er sie es "
    "wir ihr mich dich ihm ihn uns euch mein dein mit von zu im am auf für als auch so wie was wer wo wann warum "
    "le la les un une des du de et ou mais est sont était je tu il elle nous vous ils elles me te se mon ma ton ta son "
    "sa avec pour par sur dans en au aux que qui quoi où quand comment pourquoi ce cette ces "
    "el los las una unos unas y o pero es son era yo tú él ella nosotros ellos mi tu su con por para en al del que "
    "quien dónde cuándo cómo"
)
_STOP = frozenset(_EMPTY_WORDS.split())
_ENDINGS = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s")
_LEAST = 3


def stem(word: str) -> str:
    """A word without the commonest English endings."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST:
            return word[: -len(ending)]
    return word


def terms(text: str) -> frozenset[str]:
    """What a text is about: its words without those that every text has, and pairs of signs in scripts without spaces.

    >>> sorted(terms("She is solving the equations")), sorted(terms("解方程"))
    (['equation', 'solv'], ['方程', '解方'])
    """
    return frozenset(_terms(text.lower()))


def _terms(text: str) -> Iterable[str]:
    for word in _WORD.findall(text):
        if _UNSPACED.search(word):
            yield from (word[n : n + 2] for n in range(len(word) - 1))
        elif word not in _STOP:
            yield stem(word)
