"""What learners say of themselves is known, with its source and its time; what only looks like it is not."""

import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.context.facts.fact import MOST, Fact, current, merged, shown
from app.context.facts.reading import facts_in

AT = "2026-11-21T10:00:00.000000Z"  # a Saturday

STATED = [
    ("My name is Ada.", "name", "Ada"),
    ("my name is anna", "name", "anna"),
    ("Hi, I'm Jürgen!", "name", "Jürgen"),
    ("Hello! My name's Zoë and I need help with sums.", "name", "Zoë"),
    ("Please call me Max.", "name", "Max"),
    ("Everyone calls me Bobby, by the way.", "name", "Bobby"),
    ("I go by Sam", "name", "Sam"),
    ("Ich heiße Łukasz.", "name", "Łukasz"),
    ("Mein Name ist Anna Schmidt.", "name", "Anna Schmidt"),
    ("Du kannst mich Uli nennen.", "name", "Uli"),
    ("Je m'appelle Chloé.", "name", "Chloé"),
    ("Appelle-moi Léo !", "name", "Léo"),
    ("Me llamo Lucía.", "name", "Lucía"),
    ("Mi nombre es José Luis.", "name", "José Luis"),
    ("I'm in 9th grade.", "grade", "9th grade"),
    ("I am in grade 11 and I struggle with vectors.", "grade", "grade 11"),
    ("I'm currently in year 10", "grade", "year 10"),
    ("I'm a first-year physics student.", "grade", "first-year physics student"),
    ("Ich gehe in die 9. Klasse.", "grade", "9. Klasse"),
    ("Je suis en terminale S.", "grade", "terminale S"),
    ("Je suis en 3e.", "grade", "3e"),
    ("Estoy en 3º de ESO.", "grade", "3º de ESO"),
    ("I'm 14 years old.", "age", "14"),
    ("I just turned 16 today!", "age", "16"),
    ("Ich bin 15 Jahre alt.", "age", "15"),
    ("J'ai 13 ans.", "age", "13"),
    ("Tengo 17 años.", "age", "17"),
    ("I live in Berlin.", "home", "Berlin"),
    ("By the way, I live in New York City now.", "home", "New York City"),
    ("I moved to Oslo.", "home", "Oslo"),
    ("I've recently moved to São Paulo, Brazil.", "home", "São Paulo, Brazil"),
    ("Ich wohne in Bad Tölz.", "home", "Bad Tölz"),
    ("Ich bin nach Wien gezogen.", "home", "Wien"),
    ("J'habite à Lyon.", "home", "Lyon"),
    ("Vivo en Ciudad Real.", "home", "Ciudad Real"),
    ("I no longer live in Berlin.", "home", None),
    ("Ich wohne nicht mehr in Berlin.", "home", None),
    ("Je n'habite plus à Lyon.", "home", None),
    ("Ya no vivo en Madrid.", "home", None),
    ("I'm originally from Ghana.", "from", "Ghana"),
    ("I love geometry!", "taste:geometry", "likes"),
    ("I really like word problems, but they take me long.", "taste:word problems", "likes"),
    ("I don't like fractions.", "taste:fractions", "dislikes"),
    ("I hate group work", "taste:group work", "dislikes"),
    ("I no longer like chemistry.", "taste:chemistry", "dislikes"),
    ("I don't like long texts any more.", "taste:long texts", "dislikes"),
    ("I don't mind algebra anymore.", "taste:algebra", None),
    ("Ich mag Geometrie sehr.", "taste:geometrie", "likes"),
    ("Ich mag Algebra nicht.", "taste:algebra", "dislikes"),
    ("Ich hasse Brüche.", "taste:brüche", "dislikes"),
    ("J'adore la géométrie.", "taste:géométrie", "likes"),
    ("Je n'aime pas les fractions.", "taste:fractions", "dislikes"),
    ("Je déteste l'algèbre.", "taste:algèbre", "dislikes"),
    ("Me gusta la física.", "taste:física", "likes"),
    ("No me gustan las fracciones.", "taste:fracciones", "dislikes"),
    ("Ya no me gusta la química.", "taste:química", "dislikes"),
    ("I prefer short answers.", "prefers:answers", "short answers"),
    ("I prefer examples over theory.", "prefers:examples", "examples"),
    ("I prefer diagrams and most of my friends do.", "prefers:diagrams", "diagrams"),
    ("Ich bevorzuge kurze Antworten.", "prefers:antworten", "kurze Antworten"),
    ("Je préfère les exemples.", "prefers:exemples", "exemples"),
    ("Prefiero ejemplos.", "prefers:ejemplos", "ejemplos"),
    ("I'm allergic to peanuts.", "allergy:peanuts", "yes"),
    ("I am not allergic to cats any more.", "allergy:cats", None),
    ("Ich bin allergisch gegen Nüsse.", "allergy:nüsse", "yes"),
    ("Je suis allergique aux arachides.", "allergy:arachides", "yes"),
    ("Soy alérgica a los gatos.", "allergy:gatos", "yes"),
    ("I have dyslexia, so long texts are hard.", "condition:dyslexia", "yes"),
    ("I'm colour-blind.", "condition:colour-blind", "yes"),
    ("Ich habe Legasthenie.", "condition:legasthenie", "yes"),
    ("Je suis dyslexique.", "condition:dyslexique", "yes"),
    ("Tengo dislexia.", "condition:dislexia", "yes"),
    ("My native language is Polish.", "language", "Polish"),
    ("Meine Muttersprache ist Türkisch.", "language", "Türkisch"),
    ("I want to become a nurse.", "goal", "become nurse"),
    ("Ich will Ärztin werden.", "goal", "become Ärztin"),
    ("Quiero ser ingeniera.", "goal", "become ingeniera"),
    ("My favourite subject is biology.", "favourite:subject", "biology"),
    ("Mein Lieblingsfach ist Kunst.", "favourite:fach", "Kunst"),
    ("My biology exam is on 12 May.", "exam:biology", "2027-05-12"),
    ("My exam is on May 12th, 2027.", "exam", "2027-05-12"),
    ("I'm preparing for the SAT maths exam on 3 March.", "exam:sat maths", "2027-03-03"),
    ("I have a chemistry test tomorrow.", "exam:chemistry", "2026-11-22"),
    ("I have my driving test on Friday!", "exam:driving", "2026-11-27"),
    ("I'm studying for the physics final in two weeks", "exam:physics", "2026-12-05"),
    ("I'm preparing for the olympiad math test.", "exam:olympiad math", "ahead"),
    ("My physics test was moved to 9 May.", "exam:physics", "2027-05-09"),
    ("I have an exam in 3 days.", "exam", "2026-11-24"),
    ("I'm no longer in 9th grade.", "grade", None),
    ("My name is not Anna.", "name", None),
    ("Meine Matheklausur ist am 3. März.", "exam:mathe", "2027-03-03"),
    ("Ich schreibe am Montag eine Deutscharbeit.", "exam:deutsch", "2026-11-23"),
    ("Mon examen de physique est le 5 juin.", "exam:physique", "2027-06-05"),
    ("Mi examen de química es el 12 de mayo.", "exam:química", "2027-05-12"),
]

NOTHING = [
    "What is my name?",
    "Is it ok if I live in Berlin?",
    "Do I like fractions?",
    "If I live in Berlin, what time is it?",
    "Imagine I'm 14 years old.",
    "Suppose I live in Paris.",
    "Maybe I like geometry.",
    "I might live in Rome next year.",
    "I wish I was in 9th grade.",
    "When I was a child I lived in Rome.",
    "I used to live in Rome.",
    "I think I'm allergic to maths 😂",
    "She lives in Berlin.",
    "My sister is 14 years old.",
    "My friend's name is Ada.",
    "My teacher says I'm in 9th grade.",
    "My mum told me I am allergic to nuts.",
    "My brother is preparing for the SAT exam on 12 May.",
    "Her exam is on 12 May.",
    "The exam is on 12 May.",
    "Tom is in 9th grade and I live next door.",
    '"My name is Ada" is the first line.',
    "He said 'I live in Berlin'.",
    "The book begins: “I live in London.”",
    "`my name is Ada`",
    "```\nMy name is Ada\n```",
    "> My name is Ada.",
    'She wrote: "I am Ada. I live in Rome. I like fish."',
    "Der Text lautet: „Ich heiße Tom. Ich wohne in Bonn.“",
    "Is my letter good? Dear Sam, I live in Berlin. I am 14 years old.",
    "Translate: I live in Berlin.",
    "How do you say I am 14 years old in French",
    "Please correct this sentence: I am allergic to nut.",
    "In my story, I live in Atlantis. I am 200 years old.",
    "Write a dialogue. My name is Tom.",
    "Let's role-play: my name is Caesar.",
    "Pretend I'm in 3rd grade.",
    "I like it.",
    "I like that idea!",
    "I love how you explain this.",
    "I love you.",
    "I like your style.",
    "I don't like this.",
    "I don't like it when it gets long.",
    "I'd like to know more.",
    "I like to think about it.",
    "I hate when this happens.",
    "I hate mornings more and more each day.",
    "I like golden better.",
    "I love mine.",
    "I love in the evening to walk.",
    "I love trying new foods for the most part",
    "But I like yours too.",
    "I like people's opinions there.",
    "I love listening to their votes and stuff.",
    "EvErYoNe I dOnT lIkE iS a clown!",
    "I prefer not to say.",
    "I prefer this one.",
    "I prefer it.",
    "call me later",
    "Call me when you are ready.",
    "My name is hard to spell.",
    "My name is not important.",
    "I'm Done with this.",
    "I'm German at heart but whatever",
    "I'm 14 points ahead.",
    "I am 5 minutes late.",
    "I turned 3 pages.",
    "I'm in trouble.",
    "I'm in the middle of exercise 9.",
    "I live in a dream.",
    "I live for music.",
    "I moved to the next exercise.",
    "I moved the 5 to the other side.",
    "I come from the left side of the equation.",
    "I'm from time to time confused.",
    "I have a question about the test.",
    "I have a test.",
    "My exam is hard.",
    "My exam is on the table.",
    "I passed my biology exam on 12 May.",
    "I'm preparing dinner.",
    "I'm studying hard.",
    "I want to be sure.",
    "I want to be able to solve this.",
    "I have two apples and five pears.",
    "A train leaves Berlin at 9.",
    "The name is Ada.",
    "You are 14 years old.",
    "We live in Berlin.",
    "They call me names.",
    "Ist mein Name Anna?",
    "Wenn ich in Berlin wohne, was dann?",
    "Stell dir vor, ich bin 15 Jahre alt.",
    "Mein Bruder wohnt in Berlin.",
    "Übersetze: Ich heiße Anna.",
    "Ich mag es nicht.",
    "Ich mag das.",
    "Ich bin in der Küche.",
    "Meine Schwester geht in die 9. Klasse.",
    "Ich hätte gern ein Beispiel.",
    "Vielleicht wohne ich in Wien.",
    "Si j'habite à Lyon, que faire ?",
    "Ma sœur s'appelle Chloé.",
    "Mon frère a 13 ans.",
    "J'aime ça.",
    "Je préfère cela.",
    "Traduis : je m'appelle Luc.",
    "Imagine que j'ai 13 ans.",
    "Mi hermana tiene 17 años.",
    "Si vivo en Madrid, ¿qué hago?",
    "¿Me llamo Lucía?",
    "Me gusta eso.",
    "No me gusta.",
    "Ojalá vivo en Madrid.",
    "Traduce: me llamo Ana.",
    "x = my name is Ada if true",
    "I guess I love geometry.",
    "今天我不懂方程。",
    "",
    "😀",
    "I" * 5_000,
]


@pytest.mark.parametrize(("message", "key", "value"), STATED)
def test_what_a_learner_states_of_themselves_is_a_fact(message: str, key: str, value: str | None) -> None:
    found = facts_in(message, "t1", AT)
    assert [(fact.key, fact.value) for fact in found] == [(key, value)]
    assert found[0].text in message
    assert shown(found[0]).endswith(" (2026-11-21)")
    assert (found[0].turn_id, found[0].at) == ("t1", AT)


@pytest.mark.parametrize("message", NOTHING)
def test_what_only_looks_like_it_is_none(message: str) -> None:
    assert facts_in(message, "t1", AT) == ()


def test_a_message_may_state_several() -> None:
    found = facts_in(
        "Hi, I'm Ada and I live in Berlin. I'm in 9th grade, and I don't like fractions. Can we go on?", "t", AT
    )
    assert [(fact.key, fact.value) for fact in found] == [
        ("name", "Ada"),
        ("home", "Berlin"),
        ("grade", "9th grade"),
        ("taste:fractions", "dislikes"),
    ]


def said(*messages: str) -> list[Fact]:
    """The facts of messages that were sent one a day."""
    return [
        fact
        for n, message in enumerate(messages, 1)
        for fact in facts_in(message, f"t{n}", f"2026-11-{n:02}T10:00:00.000000Z")
    ]


NOW = "2026-11-30T00:00:00.000000Z"


def test_a_newer_fact_supersedes_and_the_older_one_keeps_its_time() -> None:
    facts = said("I live in Berlin.", "I like algebra.", "I moved to Oslo.", "I hate algebra.", "I live in Oslo.")
    held = {fact.key: fact.value for fact in current(merged(facts), NOW)}
    assert held == {"home": "Oslo", "taste:algebra": "dislikes"}
    berlin = next(fact for fact in merged(facts) if fact.value == "Berlin")
    assert (berlin.valid_until, berlin.superseded_by) == ("2026-11-03T10:00:00.000000Z", "t3")
    assert sum(fact.value == "Oslo" for fact in merged(facts)) == 1


def test_an_exam_that_is_moved_and_a_wish_that_changes_have_one_value() -> None:
    facts = said(
        *("My physics exam is on 3 May.", "I prefer short answers.", "I prefer worked examples."),
        *("I prefer long answers.", "My physics exam has been moved to 9 May."),
    )
    assert {fact.key: fact.value for fact in current(merged(facts), NOW)} == {
        "exam:physics": "2027-05-09",
        "prefers:answers": "long answers",
        "prefers:examples": "worked examples",
    }


def test_what_is_taken_back_is_shown_no_more() -> None:
    facts = said("I'm allergic to nuts.", "I am not allergic to nuts any more.")
    assert current(merged(facts), NOW) == ()
    assert [fact.value for fact in merged(facts)] == ["yes", None]
    again = [*facts, replace(facts[0], at="2026-11-09T10:00:00.000000Z", turn_id="t9")]
    assert [fact.value for fact in current(merged(again), NOW)] == ["yes"]


def test_a_day_that_is_past_is_shown_no_more() -> None:
    facts = said("My biology exam is on 25 November.")
    assert [fact.value for fact in current(merged(facts), "2026-11-25T23:00:00Z")] == ["2026-11-25"]
    assert current(merged(facts), "2026-11-26T00:00:01Z") == ()


spoken = st.lists(
    st.builds(
        Fact,
        key=st.sampled_from(["name", "home", "exam:maths"]),
        value=st.sampled_from(["a", "b", None]),
        text=st.just("…"),
        turn_id=st.integers(1, 9).map("t{}".format),
        at=st.integers(1, 9).map("2026-11-0{}T10:00:00Z".format),
        valid_until=st.none() | st.just("2026-11-05T00:00:00Z"),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(spoken, st.randoms(use_true_random=False))
@example([Fact("home", "b", "…", "t1", "2026-11-02T10:00:00Z", until) for until in (None, NOW[:10])], random.Random(1))
def test_of_one_key_only_the_newest_ever_holds_whatever_the_order(facts: list[Fact], chance: random.Random) -> None:
    shuffled = facts.copy()
    chance.shuffle(shuffled)
    held = current(merged(facts), NOW)
    assert held == current(merged(shuffled + facts), NOW)
    assert len({fact.key for fact in held}) == len(held)
    for fact in held:
        assert not any(other.key == fact.key and other.at > fact.at and other.value != fact.value for other in facts)


def test_what_is_kept_of_a_learner_is_bounded_and_what_holds_goes_last() -> None:
    many = [Fact("home", f"City {n}", "…", f"t{n:04}", f"2026-11-21T10:{n // 60:02}:{n % 60:02}Z") for n in range(900)]
    kept = merged(many)
    assert len(kept) == MOST
    assert [fact.value for fact in current(kept, NOW)] == ["City 899"]


@pytest.mark.parametrize(
    "message",
    [
        "I hate foreigners.",
        "I can't stand girls.",
        "I hate Jews.",
        "I hate the French.",
        "I hate French.",
        "I don't like black people.",
        "I dislike gay teachers.",
        "I hate maths teachers.",
        "I prefer white teachers.",
        "I'm allergic to immigrants.",
        "My favourite race is mine.",
        "My favourite joke is about refugees.",
        "My goal is to get rid of the Roma.",
        "Ich hasse Ausländer.",
        "Ich mag keine Türken.",
        "Je déteste les Arabes.",
        "Odio a los gitanos.",
        "No me gustan los inmigrantes.",
        "I love Hitler.",
        "Me gusta Franco.",
    ],
)
def test_no_fact_says_what_a_learner_thinks_of_people(message: str) -> None:
    assert facts_in(message, "t1", AT) == ()


def test_likes_and_dislikes_of_school_hobbies_and_ways_to_learn_are_facts() -> None:
    for thing in ("fractions", "group work", "step-by-step explanations", "football", "long essays", "word problems"):
        for verb, value in (("love", "likes"), ("hate", "dislikes")):
            found = facts_in(f"I {verb} {thing}.", "t1", AT)
            assert [(fact.key, fact.value) for fact in found] == [(f"taste:{thing}", value)]


def test_of_a_long_message_the_ends_are_read_and_no_sentence_that_was_cut() -> None:
    pasted = "The cell is a unit of life. " * 1_000
    said = facts_in(f"My name is Ada. {pasted} I live in Oslo.", "t", "2026-11-21")
    assert {fact.key: fact.value for fact in said} == {"name": "Ada", "home": "Oslo"}
    for n in range(40):
        cut = f"{'x' * (2_000 - n)}. I live in New York. {pasted}"
        assert {fact.value for fact in facts_in(cut[: 31_000 + n], "t", "2026-11-21")} <= {"New York"}
