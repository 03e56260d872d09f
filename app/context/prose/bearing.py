"""What a sentence bears that must not be lost or changed: numbers, formulas, names, negations, a question."""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_FORMULA = re.compile(
    r"\$[^$]|\\[a-zA-Z(\[]|[=≠≈≤≥<>∑∫√∞±×÷∈∀∃→⇒π°%€£¥^]|\b[a-z]\([a-z]\)|\w\s?[+*/]\s?\w|[₀-₉⁰-⁹½¼¾²³]|`"
)
_QUESTION = re.compile(r"[?？؟¿]")
_NEGATIONS = (
    "no not never none nothing nobody neither nor without cannot cant dont wont isnt nope hardly "
    "nicht kein keine keinen keinem keiner keines nie niemals nichts niemand ohne nein weder "
    "non ne pas jamais rien personne sans aucun aucune ni "
    "nunca nada nadie ningún ninguno ninguna sin tampoco jamás "
    "لا لم لن ليس لیس بدون غير не нет никогда без"
)
_NOT = frozenset(_NEGATIONS.split())
_CJK_NOT = re.compile("[不没沒无無非未別别]|ない|ません|않|안 |못")
_COUNTS = {
    word: str(n)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for n, word in enumerate(words.split())
}
_ARTICLES = frozenset({"one", "un", "uno"})
"""Words that count only sometimes."""

_SIGN = re.compile(rf"\d|{_QUESTION.pattern}|{_FORMULA.pattern}|{_CJK_NOT.pattern}|[一二三四五六七八九十百千万两]")
_TELLING = _NOT | (_COUNTS.keys() - _ARTICLES)
_CAPITAL_I = re.compile(r"\bI\b")
_I = frozenset({"I", "I'm", "I'll", "I've", "I'd", "I’m", "I’ll", "I’ve", "I’d"})


def words(text: str) -> list[str]:
    """The words of a text as they are written."""
    return _WORD.findall(text)


def numbers(text: str) -> frozenset[str]:
    """The numbers in a text, without separators of thousands; those written as a word as figures.

    >>> sorted(numbers("1,200 m in three hours, 2.5 km/h"))
    ['1200', '2.5', '3']
    """
    found = {re.sub(r"[,.](?=\d{3}(?:\D|$))", "", number) for number in _NUMBER.findall(text)}
    return frozenset(found | {_COUNTS[w] for w in map(str.lower, words(text)) if w in _COUNTS and w not in _ARTICLES})


def names(text: str) -> tuple[str, ...]:
    """What is written with a capital inside of a sentence, or with several at its beginning.

    >>> names("Then Ada asked NASA. I'm sure."), names("Thanks!"), names("NASA called.")
    (('Ada', 'NASA'), (), ('NASA',))
    """
    found = []
    for n, word in enumerate(words(text)):
        mixed = any(letter.isupper() for letter in word[1:])
        if word not in _I and (mixed or (n > 0 and word[0].isupper())):
            found.append(word)
    return tuple(found)


def negates(text: str) -> bool:
    """Whether a sentence denies something, in English, German, French, Spanish, Arabic, Russian, Chinese, Japanese or
    Korean."""
    said = [word.lower().replace("’", "'") for word in words(text)]
    return any(word in _NOT or word.endswith("n't") for word in said) or bool(_CJK_NOT.search(text))


def asks(text: str) -> bool:
    """Whether a sentence is a question."""
    return bool(_QUESTION.search(text))


def signs(text: str) -> bool:
    """Whether a figure, a formula, a question mark, or a sign that counts or denies stands in a sentence."""
    return bool(_SIGN.search(text))


def bears(text: str) -> bool:
    """Whether a sentence holds anything that a reader would miss if it were gone, whatever it is about."""
    if signs(text):
        return True
    low = text.lower()
    said = _WORD.findall(low.replace("’", "'"))
    if not _TELLING.isdisjoint(said) or "n't" in low or "n’t" in low:
        return True
    # The quick way to say that there are no names: no capitals but at the beginning and in "I".
    small = _CAPITAL_I.sub("i", text)
    return small[1:] != small[1:].lower() and bool(names(text))
