"""What the learner wants, from rules over the message: no model, no state, the same answer every time.

Only the first 300 and the last 200 characters are read: learners ask at the beginning or at the end, pasted text
stands between.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from app.routing.cues import RULES, Rule
from app.vocabulary import Task

_HEAD = 300
_TAIL = 200

_SENTENCE_ENDS = re.compile(r"[.,!?;:\n()\"“”«»¿¡…]+")
_NOT_WORDS = re.compile(r"[^\w|]+")
# Words before the request proper: without them it is recognised at the start of its sentence.
_OPENERS = re.compile(
    r"(?<=\| )(?:(?:so|and|but|or|please|pls|ok|okay|hey|hi|hello|well|now|then|also|just|um|can you|could you"
    r"|would you|can we|could we|can i|lets|und|aber|bitte|dann|kannst du|mal|et|mais|alors|peux tu|y|pero|entonces"
    r"|puedes) )+"
)
_ONLY_FORMULA = re.compile(r"[\d+*/^=().,×·÷−?xyz\s-]+", re.IGNORECASE)
_EQUATION = re.compile(r"[\w)]\s{0,3}(?:=|->|→|⇒)\s{0,3}[\w(-]")
_SUM = re.compile(r"\d\s{0,3}[-+*/^×·÷−]\s{0,3}\d")
_NUMBERS = re.compile(r"\d[^\d]+\d")


def classify(message: str) -> Task:
    """The task of a message in any of English, German, French or Spanish; `GENERAL` when no rule fits.

    >>> classify("why is the sky blue").value, classify("define osmosis").value, classify("ok thanks").value
    ('explanation', 'quick_answer', 'general')
    >>> classify("I hate fractions, what is 1/2+1/4?").value, classify("I hate fractions").value
    ('quick_answer', 'emotional_support')
    """
    text = message if len(message) <= _HEAD + _TAIL else f"{message[:_HEAD]}\n{message[-_TAIL:]}"
    signs = _signs(text)
    if "@equation" in signs and _ONLY_FORMULA.fullmatch(text):
        return Task.PRACTICE
    found = _found(f"{spoken(text)}{signs}")
    for number, rule in enumerate(RULES):
        if (number, "cues") in found and (not rule.also or (number, "also") in found):
            return rule.task
    return Task.GENERAL


def spoken(text: str) -> str:
    """Words of a text in lower case without apostrophes, `|` between sentences and at both ends.

    Sentences that open with words like "so" or "can you" come a second time, without these.

    >>> spoken("I don't get it. What's 1/2?")
    '| i dont get it | whats 1 2 | '
    >>> spoken("So why?")
    '| so why | | why | '
    """
    bare = text.lower().replace("'", "").replace("’", "").replace("|", " ")
    words = _NOT_WORDS.sub(" ", _SENTENCE_ENDS.sub(" | ", bare)).strip(" |")
    whole = f"| {words} | "
    opened = _OPENERS.sub("", whole)
    return whole if opened == whole else whole + opened


def _signs(text: str) -> str:
    """What is written in signs: an equation or a step from one to the next, a sum, two numbers or more."""
    found = "@equation " if _EQUATION.search(text) else "@formula " if _SUM.search(text) else ""
    return f"{found}@numbers " if _NUMBERS.search(text) else found


Place = tuple[int, str]
"""Number of a rule and the name of one of its two groups of cues."""


def _found(heard: str) -> set[Place]:
    """The groups of cues that have a cue in what was heard."""
    candidates = [*_OPEN_ENDED]
    for word in set(heard.split()):
        candidates += _BY_FIRST_WORD.get(word, ())
    return {place for cue, place in candidates if cue in heard}


def _placed(rules: Sequence[Rule]) -> Iterable[tuple[str, Place]]:
    for number, rule in enumerate(rules):
        for cue in rule.cues:
            yield cue, (number, "cues")
        for cue in rule.also:
            yield cue, (number, "also")


def _open_ended(cue: str) -> bool:
    return " " not in cue.lstrip("| ")


def _by_first_word(rules: Sequence[Rule]) -> Mapping[str, Sequence[tuple[str, Place]]]:
    """Cues by their first word: a message has fewer words than there are cues. Needs that word to be whole."""
    index = defaultdict(list)
    for cue, place in _placed(rules):
        if not _open_ended(cue):
            index[cue.lstrip("| ").split()[0]].append((cue, place))
    return index


_BY_FIRST_WORD = _by_first_word(RULES)
_OPEN_ENDED = tuple((cue, place) for cue, place in _placed(RULES) if _open_ended(cue))
