"""What a message tells of its writer besides how they feel: how they want things explained, what they like, how they
read. Rules, in English, German, French and Spanish."""

import re
from collections.abc import Iterator

_FORMS = {
    "example": r"example|for instance|beispiel|exemple|ejemplo",
    "steps": r"step[ -]by[ -]step|in steps|each step|schritt f(?:ü|ue)r schritt|[ée]tape par [ée]tape|pas [àa] pas|paso a paso",
    "picture": r"diagram|picture|graph(?:ic)?s?\b|draw|sketch|visual|chart|zeichn|skizz|grafik|sch[ée]ma|dessin|dibuj|gr[áa]fic",
    "comparison": r"analog(?:y|ies)|metaphor|compare it|like i(?:'| a)?m (?:five|5)|eli5|real[ -]life|vergleich|comparaison|analog[ií]a",
    "short": r"\btl;?dr\b|in short|briefly|short(?:er)? (?:answer|version)|in one sentence|kurz\b|bref|en resumen|breve",
    "formal": r"\bproofs?\b|\bprove\b|derivation|derive\b|formally|definition|beweis|herleitung|d[ée]monstration|demostraci[óo]n",
}
_EXPRESSIONS = {form: re.compile(expression, re.IGNORECASE) for form, expression in _FORMS.items()}
_LIKES = re.compile(
    r"\b(?:i (?:really |also )?(?:like|love|enjoy|play|am into)|i'm into|my (?:favou?rite )?hobby is|i'm a (?:big )?fan of"
    r"|ich (?:mag|liebe|spiele)|mein hobby ist|j'(?:aime|adore)|je joue (?:au|à la|du)|me (?:gusta|encanta)|juego al?)"
    r" (?:the |to |die |der |das |les? |la |los |el )?([^\W\d_]{3,20}(?: [^\W\d_]{3,20})?)",
    re.IGNORECASE,
)
_NOT_LIKED = frozenset(
    [
        "this",
        "that",
        "these",
        "those",
        "when",
        "what",
        "how",
        "your",
        "you",
        "them",
        "him",
        "her",
        "our",
        "more",
        "much",
        "very",
        "being",
        "doing",
        "having",
        "going",
        "learning",
        "with",
        "about",
        "because",
        "and",
        "but",
        "for",
        "the",
        "from",
        "know",
        "see",
        "say",
        "ask",
        "have",
        "get",
        "think",
        "help",
        "diese",
        "wenn",
        "cela",
        "quand",
        "esto",
    ]
)
_SENTENCE = re.compile(r"[.!?:]+(?:\s|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+")
_READ = 4_000
_LONG = 6
_FEWEST = 20


def forms(message: str) -> tuple[str, ...]:
    """The forms of explanation that a message asks for.

    >>> forms("Can you show me an example, step by step?")
    ('example', 'steps')
    """
    return tuple(form for form, expression in _EXPRESSIONS.items() if expression.search(message[:_READ]))


def interests(message: str) -> tuple[str, ...]:
    """What a message says that its writer likes, in lower case.

    >>> interests("I love football, and I like when you explain")
    ('football',)
    """
    return tuple(dict.fromkeys(filter(None, map(_liked, _LIKES.findall(message[:_READ])))))


def _liked(found: str) -> str | None:
    words = found.lower().split()
    if words[0] in _NOT_LIKED:
        return None
    return " ".join(words[:1] if words[-1] in _NOT_LIKED else words)


def difficulty(message: str) -> float | None:
    """LIX of a message (Björnsson 1968): words a sentence and the percentage of words longer than six letters; 20 is
    very easy, 60 very hard, in any of the languages. `None` under twenty words.
    """
    text = message[:_READ]
    words = _WORD.findall(text)
    if len(words) < _FEWEST:
        return None
    sentences = sum(1 for part in _sentences(text) if _WORD.search(part))
    return len(words) / max(1, sentences) + 100 * sum(len(word) > _LONG for word in words) / len(words)


def _sentences(text: str) -> Iterator[str]:
    yield from _SENTENCE.split(text)
