"""Text as terms: what makes two pieces of text count as saying the same word."""

import re
import unicodedata
from functools import lru_cache

LONGEST_WORD = 64
"""Letters of a word that count."""

LONGEST_TEXT = 16_384
"""Characters of a passage that are searchable; the rest is kept and shown, but not found."""

# Scripts without spaces between words, whose text is read as pairs of characters (Foo & Li, "Chinese word segmentation
# and its effect on information retrieval", 2004: bigrams do as well as words).
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_FIRST_UNSPACED = "\u0e00"
_OF_INDIA = "\u0900-\u0dff"  # their vowel signs are no letters to Python
_PIECE = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}_])[\w{_OF_INDIA}])+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_POSSESSIVE = re.compile(r"['’]s\b")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")


def words(text: str) -> list[str]:
    """The words of a text in order, folded in case, width and accents; Chinese, Japanese, Thai and their like as pairs.

    >>> words("Zoë's café: I don't know, 2023!")
    ['zoe', 'cafe', 'i', 'dont', 'know', '2023']
    >>> words("我喜歡數學")
    ['我喜', '喜歡', '歡數', '數學']
    """
    text = _folded(text[:LONGEST_TEXT])
    found: list[str] = []
    for piece in _PIECE.findall(_APOSTROPHE.sub("", _POSSESSIVE.sub("", text))):
        if piece[0] < _FIRST_UNSPACED or not _IS_UNSPACED.match(piece):
            found.append(piece[:LONGEST_WORD])
        else:
            found += [piece[n : n + 2] for n in range(max(1, len(piece) - 1))]
    return found


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())))


_STOP = """
    a an the of to in on at for and or but is are was were be been being do does did done has have had having i you
    he she it we they me him her us them my your his its our their this that these those with as by from about into over
    after before during what which who whom whose when where why how would could should can will shall may might must
    not no yes so if then than too very just also any some there here up out off down again more most other such own
    same both each few s t m re ve ll d im ive id youre its thats dont didnt doesnt isnt wasnt cant couldnt wont
    wouldnt havent hasnt youve weve theyre were whats lets ill hes shes
"""

STOP = frozenset(_STOP.split())
"""Words that say nothing of what a text is about; questions and passages lose them alike."""


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """What the forms of a word share: Snowball's English or, for Cyrillic, Russian stemmer (Porter, 2001).

    >>> stem("painting"), stem("paintings"), stem("painted")
    ('paint', 'paint', 'paint')
    """
    language = "russian" if "\u0400" <= word[0] <= "\u04ff" else "english"
    return str(_stemmer(language).stemWord(word))


@lru_cache(maxsize=2)
def _stemmer(language: str):  # type: ignore[no-untyped-def]
    import Stemmer  # loaded with the first passage, not with a plain command

    return Stemmer.Stemmer(language, 0)


def terms(text: str) -> list[str]:
    """The stems of the words that say something, in order, repeats kept.

    >>> terms("What did the paintings show?")
    ['paint', 'show']
    """
    return [stem(word) for word in words(text) if word not in STOP]
