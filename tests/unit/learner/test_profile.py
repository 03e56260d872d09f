"""The profile of a learner: known from enough evidence, told with it, the same however it came, corrected for good."""

import json
import random

import pytest

from app.learner.doings import Spoke, Tried
from app.learner.profile.profile import Profile, after
from app.learner.profile.said import difficulty, forms, interests
from app.learner.profile.traits import NAMES, Correction, Known, known, portrayed
from app.learner.profile.voiced import Voiced
from app.learner.profile.worked import Worked
from app.vocabulary import Trait

DAY = 86_400.0


def folded(*events: Spoke | Tried) -> Profile:
    profile = Profile()
    for event in events:
        profile = after(profile, event)
    return profile


def trait(profile: Profile, name: str, **said: Correction) -> Known:
    return next(one for one in known(profile, said) if one.name == name)


def tries(n: int, **fields: object) -> list[Tried]:
    return [Tried(f"a{i}", **{"skill": "sums", "correct": True, **fields}) for i in range(n)]  # type: ignore[arg-type]


def test_nothing_is_known_of_a_new_learner() -> None:
    traits = known(Profile())
    assert [one.name for one in traits] == [*NAMES]
    assert all(one.value is None and one.interval is None and one.evidence == () for one in traits)
    assert portrayed(traits) == ()


def test_pace_is_known_from_ten_answers_with_an_interval_that_holds_it() -> None:
    rng = random.Random(3)
    times = [rng.lognormvariate(3.0, 0.5) for _ in range(200)]
    some = [Tried(f"a{n}", "sums", True, seconds=seconds) for n, seconds in enumerate(times)]
    assert trait(folded(*some[:9]), "pace").value is None
    pace = trait(folded(*some), "pace")
    assert pace.interval is not None
    assert pace.interval[0] < 20.1 < pace.interval[1]
    assert pace.evidence == tuple(f"a{n}" for n in range(195, 200))


def test_who_tries_again_after_errors_is_persistent_and_who_leaves_is_not() -> None:
    stays = [Tried(str(n), "sums", n % 2 == 1) for n in range(40)]
    leaves = [Tried(str(n), f"skill {n}", False) for n in range(40)]
    late = [Tried(str(n), "sums", False, at=n * DAY) for n in range(40)]
    assert trait(folded(*stays), "persistence").value == 1.0
    assert trait(folded(*leaves), "persistence").value == trait(folded(*late), "persistence").value == 0.0


def test_a_trend_says_what_changed() -> None:
    early, now = tries(40, hints=0), [one._replace(id=f"b{one.id}", hints=1) for one in tries(20)]
    trend = trait(folded(*early, *now), "help_seeking").trend
    assert trend is not None
    assert trend > 0.3


def test_the_best_time_of_day_is_told_only_when_it_is_sure() -> None:
    def at(hour: int, share: float) -> list[Tried]:
        return [Tried(f"{hour}-{n}", "s", n % 10 < share * 10, at=n * DAY + hour * 3600.0) for n in range(40)]

    assert trait(folded(*at(9, 0.9), *at(20, 0.4)), "time_of_day").value == "morning"
    assert trait(folded(*at(9, 0.6), *at(20, 0.6)), "time_of_day").value is None
    assert trait(folded(*at(9, 0.9)), "time_of_day").value is None


def test_skills_that_go_wrong_again_and_again_are_error_patterns() -> None:
    wrong = [Tried(f"w{n}", "signs", False) for n in range(6)]
    assert trait(folded(*tries(20), *wrong), "error_patterns").value == ("signs",)


def test_what_is_asked_for_and_liked_counts_when_it_comes_again() -> None:
    said = [Spoke(str(n), "Can you give me an example? I love football.") for n in range(3)]
    profile = folded(*said, Spoke("x", "Explain it step by step"))
    assert trait(profile, "explanation_form").value == "example"
    assert trait(profile, "interests").value == ("football",)
    assert trait(folded(said[0]), "interests").value is None
    assert Trait("explanation_form", "worked examples") in portrayed(known(profile))


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("show me a diagram please", ("picture",)),
        ("Erkläre es Schritt für Schritt", ("steps",)),
        ("un exemple, s'il te plaît", ("example",)),
        ("What is 3 + 4?", ()),
    ],
)
def test_a_form_is_heard_in_four_languages(message: str, found: tuple[str, ...]) -> None:
    assert forms(message) == found


def test_likes_are_things_and_not_manners() -> None:
    assert interests("I like how you explain, and I love this") == ()
    assert interests("ich mag Fußball") == ("fußball",)


def test_how_hard_a_text_is_to_read_is_told_from_twenty_words_on() -> None:
    easy = "I go to my mom. She is at home. We eat a bun and sit in the sun. It is a good day."
    hard = " ".join(["Differential equations characterising thermodynamic equilibrium necessitate considerable"] * 5)
    low, high = difficulty(easy), difficulty(hard)
    assert low is not None
    assert high is not None
    assert low < 20 < 60 < high
    assert difficulty("Too short") is None


def test_a_day_is_the_learners_own() -> None:
    """Nine in the morning in UTC is the evening in Tokyo."""
    morning = [Tried(f"m{n}", "s", n % 10 < 9, at=n * DAY + 9.2 * 3600) for n in range(40)]
    night = [Tried(f"n{n}", "s", n % 10 < 4, at=n * DAY + 20.0 * 3600) for n in range(40)]
    profile = folded(*morning, *night)
    best = {ahead: next(one for one in known(profile, {}, ahead) if one.name == "time_of_day") for ahead in (0.0, 9.0)}
    assert (best[0.0].value, best[9.0].value) == ("morning", "evening")
    assert best[0.0].evidence == tuple(f"m{n}" for n in range(35, 40))


def test_what_a_shown_solution_teaches_is_only_that_help_was_taken() -> None:
    before = folded(*tries(12))
    after_it = folded(*tries(12), Tried("x", "sums", True, at=1.0, seconds=900.0, shown=True))
    assert after_it.worked.help.n == 13
    assert after_it.worked.help.mean > 0
    assert (after_it.worked.pace, after_it.worked.errors) == (before.worked.pace, before.worked.errors)


def test_what_is_kept_goes_on_as_the_same_and_is_bounded() -> None:
    rng = random.Random(5)
    events: list[Spoke | Tried] = []
    for n in range(3_000):
        if rng.random() < 0.3:
            words = ["an example please", f"I love {rng.choice('abcdef') * 3}{rng.choice('xyz') * 3}", "word " * 30]
            events.append(Spoke(f"t{n}", rng.choice(words)))
        else:
            skill, at = f"s{rng.randrange(200)}", n * 900.0
            events.append(Tried(f"a{n}", skill, rng.random() < 0.6, rng.randrange(2), rng.random() * 60 + 1, at))
    whole, half = folded(*events), folded(*events[:1_500])
    voiced, worked = (json.loads(json.dumps(part.kept())) for part in half)
    half = Profile(Voiced.of(voiced), Worked.of(worked))
    for event in events[1_500:]:
        half = after(half, event)
    assert half == whole
    assert len(json.dumps([part.kept() for part in whole])) < 30_000


def test_a_correction_holds_against_evidence_and_a_hidden_trait_shows_nothing() -> None:
    profile = folded(*tries(60, hints=1))
    assert trait(profile, "help_seeking").value == 1.0
    corrected = trait(profile, "help_seeking", help_seeking=Correction(0.1))
    assert (corrected.value, corrected.corrected, corrected.evidence) == (0.1, True, ())
    hidden = trait(profile, "help_seeking", help_seeking=Correction(hidden=True))
    assert (hidden.value, hidden.hidden) == (None, True)
    assert portrayed((hidden,)) == ()
    assert portrayed((corrected,)) == (Trait("help_seeking", "hardly ever takes a hint"),)
