"""What a taste, a preference, a favourite or an allergy may be about: closed lists, in the languages of the rules.

A sentence such as "I hate …" may name anybody. What is told to a model for months may only be about school, hobbies
and ways to learn, never about people: so languages that are called as those who speak them are left out, too.
"""

_SUBJECTS = """
    algebra analysis arithmetic art arts astronomy biology botany calculus chemistry civics coding combinatorics
    computing computer decimal derivative division ecology economics electricity equation essay ethics exponent
    fraction function genetics geography geology geometry grammar graph history homework inequality informatics
    integral law limit linear literature logarithm logic math maths mathematics matrix mechanics multiplication music
    number optics percentage philosophy phonetics physics poem poetry polynomial probability problem programming proof
    proportion psychology punctuation quadratic ratio robotics root science sentence set sociology spelling statistics
    subtraction technology theorem thermodynamics trigonometry vector vocabulary zoology
    algebraisch arithmetik astronomie biologie chemie deutsch englisch französisch spanisch latein erdkunde geografie
    geographie geometrie geschichte gleichung grammatik hausaufgabe informatik integrale kunst literatur logik mathe
    mathematik musik philosophie physik poesie programmieren prozentrechnung bruch brüche bruchrechnen bruchrechnung
    rechnen rechtschreibung stochastik technik textaufgabe trigonometrie vektor vokabel wahrscheinlichkeit
    algèbre analyse arithmétique arts astronomie biologie chimie dérivée devoir dictée économie équation
    géographie géologie géométrie grammaire histoire informatique intégrale littérature logique maths mathématique
    musique orthographe philosophie physique probabilité programmation statistique théorème trigonométrie vecteur
    álgebra aritmética arte artes astronomía biología cálculo derivada deber ecuación economía estadística filosofía
    física fracción fracciones geografía geología geometría gramática historia informática integral literatura lógica
    matemática música ortografía poesía probabilidad programación química teorema tecnología trigonometría
"""
_HOBBIES = """
    anime athletics badminton baking ballet baseball basketball biking board book boxing camping card cartoon ceramics
    chess climbing comic cooking crafts cricket cycling dance dancing drama drawing dinosaur drum fantasy fencing film
    fishing football game gaming garden gardening guitar gymnastics handball hiking hockey horror judo karate knitting
    lego manga minecraft movie novel origami painting photography piano pottery puzzle reading riddle rowing rugby
    running sailing sculpture sewing singing skateboarding skating skiing soccer space sport story surfing swimming
    tennis theatre theater trains video violin volleyball walking woodwork wrestling writing yoga
    backen basteln buch bücher fahrradfahren fotografieren fußball gitarre handarbeit klavier klettern kochen lesen
    malen nähen radfahren reiten rätsel roman schach schreiben schwimmen singen sport spiel spiele tanz tanzen
    theater turnen wandern zeichnen
    basket chant cuisine danse dessin échec échecs équitation escalade foot guitare jeu jeux lecture livre natation
    peinture photographie randonnée roman théâtre vélo
    ajedrez baile baloncesto canto ciclismo cocina costura cuento danza deporte dibujo escalada fútbol guitarra juego
    lectura leer libro natación novela pintura senderismo teatro
"""
_WAYS = """
    activity analogy animation answer audio chart choice definition demonstration detail diagram discussion example
    exam exercise experiment explanation feedback flashcard formula hint illustration image instruction lab lecture
    lesson list map method model note outline overview paragraph pair picture podcast practice presentation project
    question quiz recap repetition rule solution step summary table test text theory topic visual work worksheet
    abbildung antwort aufgabe beispiel bild diagramm erklärung experiment formel frage gruppenarbeit hinweis karte
    liste projekt referat schritt tabelle test text theorie übung video zusammenfassung
    activité analogie carte définition diagramme exemple exercice expérience explication fiche formule image indice
    liste méthode question réponse résumé schéma tableau texte théorie travail
    actividad analogía definición diagrama ejemplo ejercicio esquema explicación experimento fórmula imagen lista mapa
    método pista pregunta proyecto resumen respuesta tabla teoría texto trabajo
"""
_WHICH = """
    abstract brief clear complicated complex concise concrete detailed difficult easy group hands-on hard hardest
    home interactive introductory learning lengthy long mental multiple open oral organic applied pure practical quick
    real-life school shorter short simple simpler slow solving step-by-step visual word worked written
    ausführliche einfache kurze kürzere lange leichte mündliche praktische schriftliche schwere visuelle
    bref brève clair claire concret concrète court courte courts courtes détaillé détaillée long longue longs longues
    oral pratique simple visuel
    breve claro concreto corta corto cortas cortos detallada difícil fácil larga largas largo largos oral práctica
    práctico sencillo visual
"""
_ALLERGENS = """
    almond animal bee cat celery corn dairy dog dust egg fish fruit gluten grass hay hazelnut horse kiwi lactose latex
    lupin medicine milk mite mustard mould mold nut peanut peanuts penicillin pollen sesame shellfish shrimp soy soya
    strawberry sulphite wasp wheat
    biene ei eier erdbeere erdnuss erdnüsse fisch gräser hausstaub haselnuss hund hunde katze katzen laktose milch nuss
    nüsse pollen penicillin soja weizen
    abeille acarien amande arachide blé chat cheval chien crevette fraise fruit gluten lait lactose noisette noix œuf
    oeuf poisson pollen poussière sésame soja
    abeja ácaro avellana caballo cacahuete cacahuate fresa gato gluten huevo lactosa leche mariscos marisco nuez nueces
    perro pescado polen polvo soja trigo
"""
_THINGS = frozenset((_SUBJECTS + _HOBBIES + _WAYS).split())
_WHICH_ONES = frozenset(_WHICH.split())
_ALLERGIES = frozenset(_ALLERGENS.split())
_PLURALS = (("ies", "y"), ("es", ""), ("s", ""), ("en", ""), ("n", ""))
_TOPICAL = ("taste:", "prefers:", "favourite:")


def may_tell(key: str, value: str) -> bool:
    """Whether a fact of this key and value is about something that is on the lists, if it must be.

    >>> may_tell("taste:word problems", "likes"), may_tell("taste:foreigners", "dislikes"), may_tell("home", "Oslo")
    (True, False, True)
    """
    kind, _, about = key.partition(":")
    if kind == "allergy":
        return _all_of(about, _ALLERGIES)
    if not key.startswith(_TOPICAL):
        return True
    return _all_of(about if kind == "taste" else value, _THINGS)


def _all_of(text: str, known: frozenset[str]) -> bool:
    """Whether a text names something that is known, and nothing besides but which of it."""
    words = [(word, *_singulars(word)) for word in text.lower().split()]
    named = [not known.isdisjoint(forms) for forms in words]
    return any(named) and all(
        here or not _WHICH_ONES.isdisjoint(forms) for here, forms in zip(named, words, strict=True)
    )


def _singulars(word: str) -> list[str]:
    return [word.removesuffix(ending) + instead for ending, instead in _PLURALS if word.endswith(ending)]
