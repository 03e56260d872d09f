"""What is said for politeness alone, in English, German, French and Spanish."""

import re

from app.context.prose.bearing import names, signs

_WORDS = (
    # greetings
    r"hi|hey|hello|hiya|howdy|good (?:morning|afternoon|evening|day|night)|greetings|welcome(?: back)?|hi there|"
    r"hey there|hello there|hallo|guten (?:morgen|tag|abend)|servus|moin|grüß (?:dich|gott)|bonjour|bonsoir|salut|"
    r"coucou|hola|buenos días|buenas(?: tardes| noches)?",
    # wishes
    r"(?:i )?hope (?:you(?:'re| are)|you have been|you've been|all is|everything is|this finds you|that you are|"
    r"you had a|"
    r"you have a)(?: (?:all|doing|well|good|great|fine|okay|ok|nice|lovely|today|day|week|weekend|with you))+|"
    r"have a (?:good|great|nice|lovely|wonderful)(?: rest of (?:the|your))? (?:day|evening|night|week|weekend|"
    r"one|time)|"
    r"take care|bye|bye bye|goodbye|see you(?: soon| later| then| tomorrow| around)?|talk to you (?:soon|later)|"
    r"talk soon|catch you later|cheers|good luck|all the best|best (?:wishes|regards)|kind regards|tschüss|ciao|"
    r"bis (?:bald|dann|später|morgen)|viel erfolg|schönen tag(?: noch)?|au revoir|à bientôt|"
    r"bonne (?:journée|soirée|chance)|"
    r"adiós|hasta (?:luego|pronto|mañana)|buena suerte|que tengas un buen día|"
    r"(?:it(?:'s| is) )?(?:good|great|nice|lovely) to (?:see|hear from|meet|talk to|chat with) you(?: again| too)?|"
    r"it was (?:good|great|nice|lovely) (?:seeing|talking to|chatting with|to see) you",
    # thanks, and what is said to them
    r"thanks|thank you|thx|ty|many thanks|much appreciated|appreciate it|i (?:really )?appreciate (?:it|that|this)|"
    r"thanks (?:for (?:your|the|all your|all the) (?:help|support|time|answer|explanation|advice|patience))|"
    r"thank you (?:for (?:your|the|all your|all the) (?:help|support|time|answer|explanation|advice|patience))|"
    r"you(?:'re| are) (?:very |most )?welcome|my pleasure|anytime|danke(?: schön| sehr)?|vielen dank|"
    r"bitte(?: schön| sehr)?|"
    r"gern(?: geschehen)?|merci(?: beaucoup| bien)?|de rien|avec plaisir|gracias|muchas gracias|de nada|con gusto",
    # nods and praise that name nothing
    r"ok|okay|alright|sure|sure thing|of course|certainly|absolutely|definitely|got it|i see|great|nice|cool|"
    r"awesome|wow|"
    r"amazing|perfect|wonderful|fantastic|excellent|lovely|sounds (?:good|great|fun|awesome|amazing)|"
    r"that(?:'s| is) (?:so |really |very )?(?:great|nice|cool|awesome|amazing|wonderful|fantastic|lovely|good)"
    r"(?: to hear| news)?|"
    r"(?:that(?:'s| is) a |what a )?(?:great|good|excellent|nice|interesting) (?:question|job|work|point|idea)|"
    r"well done|keep (?:it up|up the good work|going)|haha+|lol|hehe+|yay|"
    r"(?:i(?:'d| would) be|i(?:'m| am)) (?:happy|glad|delighted) to (?:help|assist)(?: you)?(?: with (?:that|"
    r"this))?|glad (?:i could|to) help|"
    r"let me know if you (?:have any (?:other |more |further )?questions|need (?:anything|something|any help|"
    r"help|more help)"
    r"(?: else)?)|feel free to (?:ask|reach out)(?: me)?(?: anything| any questions)?|"
    r"genau|klar|super|toll|prima|natürlich|verstehe|alles klar|sehr gut|gut gemacht|d'accord|bien sûr|super travail|"
    r"très bien|parfait|génial|claro|por supuesto|vale|perfecto|genial|muy bien|buen trabajo|entiendo",
)
_FILLERS = (
    r"so much|a lot|very much|a million|again|everyone|all|guys|my friend|friend|dear|there|too|so|really|very|"
    r"and|oh|"
    r"well|for everything|in advance|beaucoup|mucho|sehr|noch mal|then|now|mate|buddy|und|et|y|today|as always"
)
_POLITE = re.compile(rf"(?:(?:{'|'.join(_WORDS)})\b\s*(?:(?:{_FILLERS})\b\s*)*)+", re.IGNORECASE)
_LEADING = re.compile(rf"(?:(?:{_FILLERS})\b\s*)+", re.IGNORECASE)
_MARKS = re.compile(r"[^\w'\s]+")
_CAPITALS = frozenset({"Dank", "Morgen", "Tag", "Abend", "Erfolg", "Gott"})
"""German nouns that are no names."""

_LONGEST = 120
"""Characters; what is longer says something."""


def polite(sentence: str) -> bool:
    """Whether a sentence says nothing but a greeting, thanks, a wish, a nod or praise that names nothing.

    >>> [polite(s) for s in ("Hi there! 😊", "Thanks so much", "Thanks for the formula", "Great question!", "👍")]
    [True, True, False, True, False]
    """
    if len(sentence) > _LONGEST:
        return False
    plain = " ".join(_MARKS.sub(" ", sentence.replace("’", "'")).split())
    start = _LEADING.match(plain)
    if set(names(sentence)) - _CAPITALS or signs(sentence):
        return False
    return bool(plain) and _POLITE.fullmatch(plain, start.end() if start else 0) is not None
