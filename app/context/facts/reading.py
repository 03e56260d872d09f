"""What a learner's message says of themselves. Precision before recall: what may be meant otherwise is no fact."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from app.context.facts.dates import day_in
from app.context.facts.fact import Fact
from app.context.facts.rules import Rule, rules
from app.context.facts.things import may_tell
from app.context.prose.bearing import asks
from app.context.prose.pieces import Piece, pieces
from app.vocabulary.ends import ends

_TASK = re.compile(
    r"\b(?:translat\w+|conjugat\w+|rephrase|paraphrase|proofread|essay|dialogue|role[- ]?play\w*|pretend\w*|"
    r"poem|story|novel|letter|e-?mail|dear|dictation|character|narrator|lyrics|quote|"
    r"in (?:french|german|spanish|english|italian|latin|chinese)|"
    r"(?:this|my|the|a) (?:sentence|text|paragraph|exercise|word problem)|grammar|correct (?:this|my)|"
    r"übersetz\w*|aufsatz|dialog|geschichte|gedicht|der satz|diesen satz|rolle|"
    r"auf (?:deutsch|englisch|französisch|spanisch)|"
    r"tradui\w+|traduction|rédaction|dialogue|histoire|poème|phrase|en (?:français|anglais|allemand|espagnol)|"
    r"traduc\w+|redacción|diálogo|cuento|poema|frase|oración|en (?:inglés|español|francés|alemán))\b",
    re.IGNORECASE,
)
"""Somebody works on a text: `I` in it is not the learner."""

_UNREAL = re.compile(
    r"\b(?:if|suppose|supposing|imagine|what if|let['’]s say|assum\w+|would|could|might|wish|hypothetically|"
    r"maybe|perhaps|"
    r"as if|unless|used to|when i was|dreamt?|joking|kidding|not sure|i think|i guess|"
    r"wenn|falls|angenommen|stell dir vor|wäre|würde|hätte|könnte|vielleicht|als ob|früher|"
    r"supposons|imagin\w+|peut-être|serais|aurais|si j|s['’]il|comme si|"
    r"supongamos|imagina\w*|quizás?|tal vez|sería|tendría|ojalá|como si|si (?:yo|me|no|vivo|tengo|soy))\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:says?|said|told|asked|thinks?|thought|wrote|writes|claims?|sagt\w*|meint\w*|denkt|schrieb|dit que|"
    r"pense que|"
    r"a dit|dice que|dijo|piensa que)\b|[\"“”„«»]|(?:^|\s)['‘]\w.*\w[.!]?['’](?:\s|[.,!]|$)|`|/s\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:(?:hi|hey|hello|hallo|hola|bonjour|salut|thanks|ok|okay|oh|well|so|also|and|but|yes|yeah|no(?=,)|actually|"
    r"btw|by the way|"
    r"fyi|honestly|just|there|everyone|sorry|please note that|note that|remember that|remember,?|"
    r"you should know that|"
    r"übrigens|und|aber|ja|nein(?=,)|also|eigentlich|et|mais|oui|non(?=,)|au fait|en fait|y|pero|sí|por cierto|"
    r"in fact|anyway|"
    r"as i said|personally|unfortunately|leider|malheureusement)\b[\s,!:.–—-]*)+",
    re.IGNORECASE,
)
_ON = re.compile(r"\s*(?:,\s*(?:and|but|und|aber|et|mais|y|pero)?|and|but|und|aber|et|mais|y|pero)\s+", re.IGNORECASE)
_HELLO = re.compile(
    r"(?:hi|hey|hello|hallo|hola|bonjour)(?: there| everyone| all)?[\s,!.]*(?:i['’]?m|i am|ich bin|je suis|soy)\s+"
    r"(?P<v>(?-i:[A-ZÀ-Þ])[\w'’-]+)(?=\s*(?:[.,!]|$|and\b|und\b|et\b|y\b))",
    re.IGNORECASE,
)
_QUOTATION = re.compile(r"\"[^\"]{1,600}\"|“[^”]{1,600}”|„[^“”]{1,600}[“”]|«[^»]{1,600}»")
_NO_NAMES = frozenset({"not", "hard", "difficult", "too", "so", "very", "irrelevant", "unknown", "private"})
_LONGEST = 400
"""Characters of a sentence beyond which nobody says plainly who they are."""

_MOST_SENTENCES = 200
_READ = 2_000
"""Characters from either end of a message that are read: people introduce themselves before they paste something, or
after it, and 32,000 characters take 40 ms."""


def facts_in(message: str, turn_id: str, at: str) -> tuple[Fact, ...]:
    """The facts that a learner's message states, each with the sentence it stands in; `at` is when it was sent (ISO
    8601 UTC). Questions, quotations, code, other people, what is only supposed and texts that are worked on state none.

    >>> [(f.key, f.value) for f in facts_in("Hi! I'm in 9th grade and my maths exam is on 12 May.", "t", "2026-11-21")]
    [('grade', '9th grade'), ('exam:maths', '2027-05-12')]
    """
    said = datetime.fromisoformat(at).date()
    found: dict[str, Fact] = {}
    plain: bool | None = None
    message, read = _read(message)
    for piece in read[:_MOST_SENTENCES]:
        stated = [one for line in piece.text.split("\n") for one in _stated(line.strip(" -*•\t"), said)]
        if not stated or piece.kind not in ("prose", "item") or _doubtful(piece.text):
            continue
        plain = not _TASK.search(message) if plain is None else plain
        if plain and not _quoted(message, piece.start):
            found |= {key: Fact(key, value, piece.text, turn_id, at, until) for key, value, until in stated}
    return tuple(found.values())


def _read(message: str) -> tuple[str, Sequence[Piece]]:
    """What is read of a message: of a long one its ends, without the sentences that were cut."""
    excerpt = ends(message, _READ)
    found = pieces(excerpt)
    if excerpt is message:
        return message, found
    head, tail = len(excerpt[:_READ].rstrip()), len(excerpt) - len(excerpt[-_READ:].lstrip())
    return excerpt, [piece for piece in found if piece.end < head or piece.start > tail]


def _doubtful(sentence: str) -> bool:
    return asks(sentence) or bool(_UNREAL.search(sentence) or _REPORTED.search(sentence))


def _quoted(message: str, at: int) -> bool:
    """Whether a place is inside of a quotation, which may go on for several sentences."""
    return any(quotation.start() < at < quotation.end() for quotation in _QUOTATION.finditer(message))


_Stated = tuple[str, str | None, str | None]
"""Key, value, and the day until which it holds."""


def _stated(sentence: str, said: date) -> Iterator[_Stated]:
    if len(sentence) > _LONGEST:
        return
    at = 0
    if hello := _HELLO.match(sentence):
        yield "name", hello["v"], None
        at = _next_clause(sentence, hello.end())
    while at < len(sentence):
        if lead := _LEAD.match(sentence, at):
            at = lead.end()
        stated = _clause(sentence, at, said)
        if stated is None:
            return
        yield stated[0]
        at = _next_clause(sentence, stated[1])


def _next_clause(sentence: str, at: int) -> int:
    """Where the next clause of the same speaker begins; the end of the sentence where none does."""
    on = _ON.match(sentence, at)
    return on.end() if on else len(sentence)


_FIRST_WORD = re.compile(r"[^\W\d_]+")
_FIRST = frozenset(
    {
        *("i", "im", "my", "please", "you", "everyone", "everybody", "friends", "just", "call", "calls"),
        *("ich", "mein", "meine", "nenn", "nennt", "nennen", "du", "je", "j", "mon", "ma", "appelle", "appelez", "tu"),
        *("me", "mi", "llámame", "puedes", "estoy", "voy", "tengo", "ahora", "vivo", "ya", "soy", "no", "odio"),
        *("detesto", "prefiero", "quiero"),
    }
)
"""The words that clauses of the rules begin with: most sentences need not be tried by any."""


def _clause(sentence: str, at: int, said: date) -> tuple[_Stated, int] | None:
    """What the clause at this place states, by the first rule that fits, and where it ends."""
    first = _FIRST_WORD.match(sentence, at)
    if first is None or first[0].lower() not in _FIRST:
        return None
    for rule in rules():
        if (found := rule.pattern.match(sentence, at)) and (stated := _by(rule, found, said)):
            return stated, found.end()
    return None


def _by(rule: Rule, found: re.Match[str], said: date) -> _Stated | None:
    parts = {name: " ".join((text or "").split()) for name, text in found.groupdict().items()}
    parts["k"] = parts.get("k", "").lower()
    until = None
    if rule.dated:
        day = day_in(parts["v"], said)
        if day is None:
            return None
        parts["v"] = day.isoformat()
        until = f"{datetime.combine(day + timedelta(days=1), time()).isoformat()}Z"
    if rule.key == "name" and parts.get("v", "").lower() in _NO_NAMES:
        return None
    key = rule.key.format(**parts).rstrip(":")
    value = rule.value.format(**parts) if rule.value else None
    return (key, value, until) if may_tell(key, value or "") else None
