"""Words that stand for others in questions: what is asked for by its kind is told by its name.

Who is asked "which pets do you have?" tells of a dog. The groups are general knowledge of school and daily life, made
by hand in English; a question that holds one of the first words of a line asks for any of the others, too.
"""

from functools import lru_cache

from app.context.recall.words import terms

_KINDS = """
    family relative parent: mother mom mum father dad parent brother sister sibling son daughter child kid baby husband
        wife aunt uncle cousin grandmother grandma grandfather grandpa niece nephew married
    pet animal: dog cat puppy kitten rabbit hamster bird fish horse turtle snake lizard parrot guinea
    sport exercise fitness activity: football soccer basketball tennis baseball hockey golf run running swim swimming
        yoga gym hiking hike climb cycling bike skiing surf surfing dance martial boxing volleyball workout marathon
        kayak
    hobby activity pastime interest: paint draw read knit sew garden cook bake photography music guitar piano violin
        pottery craft chess game puzzle write fishing camping hiking dancing singing
    food dish meal eat recipe: bread cake pizza pasta salad soup rice chicken beef cheese chocolate cookie pie sandwich
        fruit vegetable breakfast lunch dinner snack dessert burger sushi ice-cream
    drink beverage: coffee tea water juice beer wine milk soda smoothie
    job career work profession occupation: teacher doctor nurse engineer lawyer manager chef artist writer programmer
        designer business office boss colleague company interview promotion hired intern counselor
    emotion feeling feel: happy sad angry afraid scared nervous anxious excited proud lonely worried stressed upset
        frustrated grateful tired bored overwhelmed disappointed
    health condition illness medical: doctor hospital sick pain allergy asthma diet medicine surgery injury injured hurt
        headache fever weight sleep therapy disease diagnosed
    travel trip vacation visit country place: flight airport hotel beach mountain city country europe italy france spain
        japan england germany paris london rome tokyo island museum tour camping road abroad
    music instrument song band: guitar piano violin drum flute clarinet sing song concert band album orchestra singer
        jazz rock classical
    art artwork: painting drawing sculpture pottery sketch canvas portrait gallery exhibition museum photography
    book literature reading: novel author story chapter library fantasy fiction series biography poem
    movie film show: cinema watch actor director comedy thriller series television netflix documentary
    school education study degree: class course exam test homework teacher student university college lesson grade
        graduate math science history physics biology chemistry
    home house living: apartment room kitchen garden moved neighbour neighborhood rent roommate city
    money financial cost: pay price salary expensive savings budget loan debt donate invest
    weather season: rain snow sun sunny storm wind cold warm hot winter summer
    transport vehicle: car bike bus train plane boat truck motorcycle
    relationship status: married single husband wife boyfriend girlfriend partner dating divorced breakup wedding
        engaged
    religion religious belief faith: church god pray prayer temple mosque bible christian muslim jewish buddhist
        spiritual
    politics political government: vote election party president law rights campaign liberal conservative
    event celebration: birthday party wedding christmas anniversary festival concert parade holiday graduation
        conference
    plan goal dream future: hope want wish someday planning aim intend
    support help volunteer charity: donate shelter community fundraiser mentor organization
"""


def members(term: str) -> tuple[str, ...]:
    """The terms that a term may ask for by their kind, in order.

    >>> "dog" in members("pet"), "pet" in members("dog")
    (True, False)
    """
    return _kinds().get(term, ())


@lru_cache(maxsize=1)
def _kinds() -> dict[str, tuple[str, ...]]:
    kinds: dict[str, frozenset[str]] = {}
    for line in " ".join(_KINDS.split("\n        ")).splitlines():
        asked, _, told = line.partition(":")
        for term in terms(asked):
            kinds[term] = kinds.get(term, frozenset()) | frozenset(terms(told))
    return {term: tuple(sorted(told)) for term, told in kinds.items()}
