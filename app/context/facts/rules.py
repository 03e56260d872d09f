"""How people say what is true of themselves: the table of rules, in English, German, French and Spanish.

Few and narrow on purpose: a wrong fact is told to a learner for months, a missed one is asked again. Each begins a
clause and says `I` or `my`; what it names ends with the clause. Groups: `v` what is so, `k` what the key is about.
"""

import re
from dataclasses import dataclass
from functools import cache

_END = (
    r"(?=\s*(?:[.,;:!…)(—]|[\U0001f1e6-\U0001faff☀-➿]|$|\s[–-]|\s(?:"
    r"and|but|because|so|since|though|as well|too|a lot|very much|most|now|"
    r"these days|right now|at the moment|und|aber|weil|denn|doch|sehr|auch|jetzt|et|mais|parce|car|aussi|beaucoup|"
    r"maintenant|y|e|pero|porque|también|mucho|ahora|on|am|le|el|with my|mit meine[rnm]?|avec m[ao]n?|con mi)\b))"
)
_NEVER = (
    r"(?!(?:it|that|this|these|those|how|when|what|the|you|your|him|her|them|his|our|their|to|where|who|which|being|"
    r"having|all|one|some|both|doing|going|me|my|every|any|such|so|also|a|an|es|das|dass|dich|wie|wenn|was|die|der|den|dem|"
    r"sie|ihn|ihm|dein\w*|mein\w*|diese\w*|ça|cela|ce|que|quand|comment|te|toi|lui|ton|ta|tes|mon|ma|mes|cette|cet|ces|"
    r"eso|esto|cómo|cuando|tu|tus|mi|mis|este|esta|estos|estas|ese|esa|si|est|es|ist|is|are|was|were|am|in|on|at|and|or|with|for|of|from|yours|mine|theirs|hers|ours|their|nicht|no|not|pas)\b)"
)
_VAGUE = (
    r"(?!(?:it|that|this|these|those|him|her|them|you|us|their|your|his|there|here|more|less|better|best|worse|"
    r"and|or|but|to|is|are|was|ihn|sie|dich|und|oder|mehr|te|toi|lui|et|ou|eso|esto|y|más)\b)"
)
_PARTS = {
    "NAME": r"(?P<v>(?-i:[A-ZÀ-ÞĀ-Ž])[\w'’-]+(?: (?-i:[A-ZÀ-ÞĀ-Ž])[\w'’-]+){0,2})",
    "PLACE": r"(?P<v>(?-i:[A-ZÀ-ÞĀ-Ž])[\w'’.-]*\w(?:,? (?-i:[A-ZÀ-ÞĀ-Ž])[\w'’-]+){0,3})",
    "LANG": r"(?P<v>(?-i:[A-ZÀ-Þ])\w+)",
    "WORD": rf"{_NEVER}(?P<v>(?:[^\W\d_][\w-]* )?(?P<k>{_VAGUE}[^\W\d_][\w-]+))",
    "THING": rf"{_NEVER}(?P<k>[^\W\d_][\w-]+(?: {_VAGUE}[\w/-]+){{0,3}}?)",
    "PROFESSION": r"(?P<v>[^\W\d_][\w'’-]+(?: [\w'’-]+){0,2}?)",
    "EXAM": r"(?P<k>(?:[\w'’-]+ ){0,3}?)(?:exams?|tests?|quiz|finals?|midterms?|olympiad|competition)",
    "WHEN": r"(?P<v>(?:[\w.,º-]+ ?){1,5}?)",
    "I AM": r"(?:i['’]?m|i am)",
    "CONDITION": r"(?P<k>dyslexia|adhd|add|dyscalculia|autism|dysgraphia|asperger['’]?s|tinnitus|epilepsy)",
    "BEING": r"(?P<k>dyslexic|autistic|colou?r[ -]?blind|deaf|hard of hearing|blind|visually impaired|left[- ]handed)",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A way to say a fact. `key` and `value` are templates over the groups; a `value` of `None` takes the fact back."""

    key: str
    value: str | None
    pattern: re.Pattern[str]
    dated: bool = False
    """Whether `v` must be a day, which the fact does not outlive."""


_SAID = r"""
name | {v} | (?:my (?:first )?name(?: is|['’]s)|(?:please |you can |everyone |everybody |friends |just )*calls? me|i go by) NAME END
name | {v} | my name is (?P<v>[^\W\d_]{2,})(?=\s*(?:[.,;!]|$))
name | {v} | (?:ich heiße|mein (?:vor)?name ist|nenn(?:t|en sie)? mich(?: bitte)?) NAME END
name | {v} | du kannst mich NAME nennen
name | {v} | (?:je m['’]appelle|mon (?:pré)?nom est|appelle[zs]?-moi|tu peux m['’]appeler) NAME END
name | {v} | (?:me llamo|mi nombre es|llámame|puedes llamarme) NAME END
name | - | my name (?:is not|isn['’]t) (?-i:[A-ZÀ-Þ])
grade | - | I AM (?:not|no longer) in (?:the )?(?:\d{1,2}(?:st|nd|rd|th) grade|(?:grade|year|class) \d{1,2})\b
grade | {v} | I AM (?:currently |now )?in (?:the )?(?P<v>\d{1,2}(?:st|nd|rd|th) grade|(?:grade|year|class) \d{1,2})\b
grade | {v} | I AM (?:currently |now )?a (?P<v>(?:high school |college )?(?:freshman|sophomore)|(?:first|second|third|fourth|final)[- ]year (?:[\w-]+ ){0,2}student)\b
grade | {v} | ich (?:gehe|bin|komme)(?: jetzt)? in (?:die|der) (?P<v>\d{1,2}\. Klasse)
grade | {v} | je suis en (?P<v>6e|5e|4e|3e|(?:sixième|cinquième|quatrième|troisième|seconde|première|terminale)(?: \w)?)\b
grade | {v} | (?:estoy|voy) en (?P<v>(?:\d{1,2}[ºo°]|primero|segundo|tercero|cuarto|quinto|sexto|noveno|décimo)(?: grado| de (?:la )?(?:eso|primaria|secundaria|bachillerato)))\b
age | {v} | (?:I AM|i(?: just|['’]ve just| have just)? turned) (?P<v>\d{1,2})(?: years old| today| last (?:week|month))END
age | {v} | ich bin(?: schon| jetzt)? (?P<v>\d{1,2}) Jahre? alt
age | {v} | j['’]ai (?P<v>\d{1,2}) ans END
age | {v} | tengo (?P<v>\d{1,2}) años END
home | {v} | (?:i (?:currently |now )?live in|I AM (?:now )?(?:based|living) in) PLACE END
home | {v} | (?:i(?:['’]ve| have)? (?:just |recently )?moved|I AM moving) (?:back )?to PLACE END
home | {v} | ich (?:wohne|lebe)(?: jetzt| nun)? in PLACE END
home | {v} | ich bin(?: gerade| jetzt| vor kurzem)? nach PLACE (?:um)?gezogen
home | {v} | (?:j['’]habite|je vis)(?: maintenant)? (?:à|en|au|aux) PLACE END
home | {v} | (?:j['’]ai déménagé|je viens de déménager) (?:à|en|au|aux) PLACE END
home | {v} | (?:ahora )?vivo en PLACE END
home | {v} | me (?:he mudado|mudé) a PLACE END
home | - | i (?:no longer live|don['’]?t live) in (?-i:[A-ZÀ-Þ])
home | - | ich wohne nicht mehr in (?-i:[A-ZÀ-Þ])
home | - | je n['’]habite plus (?:à|en|au|aux) (?-i:[A-ZÀ-Þ])
home | - | ya no vivo en (?-i:[A-ZÀ-Þ])
from | {v} | (?:i come|I AM (?:originally )?) ?from PLACE END
from | {v} | ich komme(?: ursprünglich)? aus PLACE END
from | {v} | je viens (?:de|du|d['’]) ?PLACE END
from | {v} | soy de PLACE END
taste:{k} | likes | i (?:really |absolutely |still |now )*(?:like|love|enjoy) THING END
taste:{k} | dislikes | i (?:really |absolutely )*(?:hate|dislike|can['’]?t stand|(?:don['’]?t|do not)(?: really)? (?:like|enjoy)|no longer (?:like|enjoy)) THING(?: any ?more| at all)?END
taste:{k} | - | i (?:no longer|don['’]?t|do not) (?:hate|dislike|mind) THING(?: any ?more)?END
taste:{k} | dislikes | ich (?:hasse|mag keine?n?|mag) (?<=hasse |keine |einen | kein )THING(?: mehr)?END
taste:{k} | dislikes | ich mag THING (?:gar |überhaupt )?nicht(?: mehr)?END
taste:{k} | likes | ich (?:mag|liebe) (?!keine?n? )THING(?: (?:sehr|gern|gerne|total|wirklich))?(?! nicht)END
taste:{k} | dislikes | je (?:n['’]aime (?:pas|plus)(?: du tout)?|déteste) (?:les? |la |l['’])?THING END
taste:{k} | likes | j['’](?:aime|adore)(?: bien| beaucoup)? (?:les? |la |l['’])?THING END
taste:{k} | dislikes | (?:(?:ya )?no me gustan?|odio|detesto) (?:el |la |los |las )?THING END
taste:{k} | likes | me (?:gustan?|encantan?)(?: mucho)? (?:el |la |los |las )?THING END
prefers:{k} | {v} | i(?:['’]d)? (?:really |usually )?prefer (?!not )WORD(?: (?:to|over|instead of|rather than)\b|END)
prefers:{k} | {v} | ich bevorzuge WORD END
prefers:{k} | {v} | je préfère (?:les? |la |des? )?WORD END
prefers:{k} | {v} | prefiero (?:el |la |los |las )?WORD END
allergy:{k} | yes | I AM (?:very |severely )?allergic to THING END
allergy:{k} | yes | i have (?:a |an )(?P<k>[a-z]+) allergy END
allergy:{k} | - | I AM (?:not|no longer) allergic to THING(?: any ?more)?END
allergy:{k} | yes | ich bin allergisch (?:gegen|auf) THING END
allergy:{k} | - | ich bin nicht(?: mehr)? allergisch (?:gegen|auf) THING END
allergy:{k} | yes | je suis allergique (?:à la |à l['’]|aux |au |à )THING END
allergy:{k} | - | je ne suis (?:pas|plus) allergique (?:à la |à l['’]|aux |au |à )THING END
allergy:{k} | yes | soy alérgic[oa] (?:a la |a los |a las |al |a )THING END
allergy:{k} | - | (?:ya )?no soy alérgic[oa] (?:a la |a los |a las |al |a )THING END
condition:{k} | yes | i have (?:mild |severe )?CONDITION END
condition:{k} | yes | I AM BEING END
condition:{k} | yes | ich habe (?:eine )?(?P<k>Legasthenie|ADHS|Dyskalkulie|Rechenschwäche|LRS|Autismus)END
condition:{k} | yes | (?:je suis (?P<k>dyslexique|daltonien(?:ne)?|sourde?|autiste|dyscalculique))END
condition:{k} | yes | (?:tengo|soy) (?P<k>dislexia|tdah|disléxic[oa]|daltónic[oa]|sord[oa]|autista|discalculia)END
language | {v} | my (?:native|first) (?:language|tongue) is LANG END
language | {v} | my mother tongue is LANG END
language | {v} | meine Muttersprache ist LANG END
language | {v} | ma langue maternelle est (?:le |l['’])?(?P<v>\w+)END
language | {v} | mi (?:lengua materna|idioma materno) es (?:el )?(?P<v>\w+)END
goal | become {v} | (?:i (?:really )?want|i['’]d (?:like|love)|I AM hoping|i hope) to (?:become|be) (?:an? )PROFESSION END
goal | become {v} | ich (?:möchte|will) (?:(?:mal|später|einmal) )*(?P<v>[\w-]+(?: [\w-]+)?) werden END
goal | become {v} | je (?:veux|voudrais|souhaite) devenir PROFESSION END
goal | become {v} | (?:quiero|me gustaría) ser PROFESSION END
subject | {v} | (?:my major is|I AM majoring in) (?P<v>[^\W\d_]+(?: [^\W\d_]+){0,2}?)END
favourite:{k} | {v} | my fav(?:ou?rite)? (?P<k>[a-z]+) is (?!when |that |how |to |the one)(?P<v>[^\W\d_][\w'’-]*(?: [\w'’-]+){0,3}?)END
favourite:{k} | {v} | mein(?:e)? Lieblings-?(?P<k>\w+) ist (?P<v>[^\W\d_][\w-]*(?: [\w-]+)?)END
favourite:{k} | {v} | m(?:a|on) (?P<k>[^\W\d_]+) préférée? est (?:les? |la |l['’])?(?P<v>[^\W\d_][\w'’-]*(?: [\w-]+)?)END
favourite:{k} | {v} | mi (?P<k>[^\W\d_]+) favorit[oa] (?:es|son) (?:el |la |los |las )?(?P<v>[^\W\d_][\w-]*(?: [\w-]+)?)END
"""  # noqa: E501 - a row is a rule
_DATED = r"""
exam:{k} | my (?:next )?EXAM (?:is|will be)(?: on| this| next)? WHENEND
exam:{k} | my EXAM (?:is now|(?:was|has been|got) (?:moved|postponed|rescheduled|pushed back))(?: on| to)?(?: next)? WHENEND
exam:{k} | i have (?:a |an |my |the )?EXAM(?: on| this| next)? WHENEND
exam:{k} | I AM (?:preparing|studying|revising|getting ready|training) for (?:the |my |a |an )?EXAM(?:,? which is)?(?: on| this| next)? WHENEND
exam:{k} | meine? (?P<k>[\w-]*?)-?(?:prüfung|klausur|arbeit|test|abitur) (?:ist|findet)(?: am| nächsten?)? WHENEND
exam:{k} | ich (?:schreibe|habe)(?: am| nächsten?)? (?P<v>(?:[\w.]+ ){1,3}?)(?:eine?n? |meine?n? )(?P<k>[\w-]*?)-?(?:prüfung|klausur|arbeit|test)\b
exam:{k} | mon examen (?:de |d['’]|du )?(?P<k>\w*) ?(?:est|aura lieu)(?: le)? WHENEND
exam:{k} | j['’]ai un (?:examen|contrôle) (?:de |d['’]|du )?(?P<k>\w*?) ?(?:le )?WHENEND
exam:{k} | mi examen (?:de |del )?(?P<k>\w*) ?(?:es|será)(?: el)? WHENEND
exam:{k} | tengo (?:un |el )?examen (?:de |del )?(?P<k>\w*?) ?(?:el )?WHENEND
"""  # noqa: E501
_UNDATED = r"""
exam:{k} | ahead | I AM (?:preparing|studying|revising|getting ready|training) for (?:the |my |a |an )(?P<k>(?:[\w'’-]+ ){1,3}?)(?:exam|test|finals|midterm|olympiad)END
exam:{k} | ahead | ich bereite mich (?:gerade )?auf (?:die|meine|das|mein|den) (?P<k>[\w-]+?)-?(?:prüfung|klausur|arbeit|test)? vor END
exam:{k} | ahead | je prépare (?:mon |l['’]|le )(?:examen |concours |bac )(?:de |d['’]|du )?(?P<k>\w+)END
exam:{k} | ahead | (?:me preparo|me estoy preparando) para (?:el|mi) examen de (?P<k>\w+)END
"""  # noqa: E501


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are tried: those with a day first."""
    dated = [(key, "{v}", pattern, True) for key, pattern in _rows(_DATED, 2)]
    others = [(key, value, pattern, False) for key, value, pattern in _rows(_UNDATED + _SAID, 3)]
    return tuple(
        Rule(key, None if value == "-" else value, re.compile(_spelled(pattern), re.IGNORECASE), day)
        for key, value, pattern, day in (*dated, *others)
    )


def _rows(table: str, columns: int) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(" | ", columns - 1)] for line in table.splitlines() if line]


def _spelled(pattern: str) -> str:
    for name, part in _PARTS.items():
        pattern = pattern.replace(name, part)
    return pattern.replace(" END", "END").replace("END", _END)
