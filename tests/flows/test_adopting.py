"""What won an experiment becomes the table's choice of the next policy, and nothing else does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.adopting import judged, told, verdict, write
from app.bootstrap.choosing import choosing_of
from app.choices.experiments.rule import Conclusion
from app.choosing.case import Case
from app.clock import HandClock
from app.errors import SettingsError
from app.experimenting.watching import Look
from app.policy import load
from app.storage.memory import MemoryCache
from app.storage.sqlite import SqliteStore
from app.vocabulary import Choice, Design, Eligible, Share, Task
from tests.e2e.policies import changed
from tests.flows.test_experimenting import Replica, taught
from tests.flows.test_learned_choices import KEY
from tests.unit.choices.trial import draft

_BOTH = ('practice = ["hints", "worked_example", "socratic"]', 'practice = ["guided", "hints"]')
_GUIDED = ('practice = "hints"', 'practice = "guided"')


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """One that may try both arms of the experiment for practice, and has control in its table."""
    return Path(changed(tmp_path, _BOTH, _GUIDED))


@pytest.fixture
async def won(store: SqliteStore, clock: HandClock) -> str:
    """An experiment that hints have won."""
    cache = MemoryCache(clock)
    pair = Replica(store, cache, clock), Replica(store, cache, clock)
    began = await pair[0].experimenting.begin("w", draft(design=Design(hours=1, learners=50)))
    await pair[1].experimenting.load()
    await taught(pair, 120)
    with pytest.raises(SettingsError, match=f"adopt {began.id}: there is no such experiment in workspace another"):
        await judged(store, Path("none"), ("another", began.id), clock)
    clock.turn(2 * 3_600)
    await pair[0].watching.round(everything=True)
    return began.id


async def test_the_winner_is_written_into_the_table_of_the_next_policy_once(
    won: str, policy: Path, store: SqliteStore, clock: HandClock, tmp_path: Path
) -> None:
    found, file = await judged(store, policy, ("w", won), clock), tmp_path / "next.toml"
    assert "hints or guided (strategy): adopt hints: it earns" in told(found)
    assert '[tasks] that follows, for all workspaces\n  practice = "hints"  (was "guided")' in told(found)
    assert "version 2" in write(found, policy, file)
    before, after = load(policy), load(file)
    assert after.tasks == {**before.tasks, Task.PRACTICE: "hints"}
    assert after == before.model_copy(update={"tasks": after.tasks, "version": "2"})
    with pytest.raises(SettingsError, match="File exists"):
        write(found, policy, file)
    again = await judged(store, file, ("w", won), clock)
    assert again.why_not == (
        "policy 2 chooses 'guided', beside which it was tried, nowhere where all arms may be tried (practice = 'hints')"
    )
    with pytest.raises(SettingsError, match=f"adopt {won}: nothing written: policy 2 chooses"):
        write(again, file, tmp_path / "third.toml")


async def test_nothing_follows_from_what_is_not_sure_not_over_or_not_of_a_table(
    won: str, policy: Path, store: SqliteStore, clock: HandClock, tmp_path: Path
) -> None:
    look, known = (await judged(store, policy, ("w", won), clock)).look, load(policy)

    def why(then: Conclusion = look.conclusion, **fields: Any) -> str | None:
        return verdict(Look(replace(look.experiment, **fields), look.results, then), known).why_not

    assert why() is None
    assert why(state="running") == "it still runs: stop it first"
    assert why(Conclusion("keep", "guided", "no arm earns more")) == "its verdict is keep 'guided': no arm earns more"
    assert "some subjects" in str(why(eligible=Eligible(subjects=("algebra",))))
    assert "nowhere where all arms may be tried" in str(why(eligible=Eligible(tasks=(Task.PLANNING,))))
    assert "catalogue of providers give 'hints' more strength than 'guided'" in str(why(choice=Choice.MODEL))


async def test_a_profile_and_a_variant_that_win_are_what_is_used_where_nothing_is_tried(
    won: str, policy: Path, store: SqliteStore, clock: HandClock, tmp_path: Path
) -> None:
    look, second, third = (
        (await judged(store, policy, ("w", won), clock)).look,
        tmp_path / "2.toml",
        tmp_path / "3.toml",
    )

    def tried(choice: Choice, arms: tuple[str, str], *tasks: Task) -> Look:
        shares = tuple(Share(arm, 0.5) for arm in arms)
        one = replace(look.experiment, choice=choice, arms=shares, control=arms[0], eligible=Eligible(tasks))
        return Look(one, look.results, Conclusion("adopt", arms[1], "it earns more"))

    profile = tried(Choice.PROFILE, ("standard", "grounded"), Task.PLANNING)
    write(verdict(profile, load(policy)), policy, second)
    variants = "guided/standard", "guided/shorter"
    some = verdict(tried(Choice.VARIANT, variants, Task.PRACTICE), load(second)).why_not
    assert "it was not tried for explanation, general, for which" in str(some)
    write(verdict(tried(Choice.VARIANT, variants), load(second)), second, third)
    after = load(third)
    assert after.choices.usual.profiles == {Task.PLANNING: "grounded"}
    assert after.choices.usual.variants == {"guided": "shorter"}
    made = Case("w", "ada", Task.PLANNING, "plan", "planning/unknown/even/weak", "graded work", False, True, 1.79e9)
    safe = choosing_of(after, KEY).begin(made)
    assert (safe.profile, safe.variant) == ("grounded", "standard")
    safe = choosing_of(after, KEY).begin(replace(made, task=Task.GENERAL, strategy="guided"))
    assert (safe.profile, safe.strategy, safe.variant) == ("standard", "guided", "shorter")
    for known, lost in (('planning = "grounded"', 'planning = "lost"'), ('guided = "shorter"', 'guided = "lost"')):
        (tmp_path / "lost.toml").write_text(third.read_text("utf-8").replace(known, lost), "utf-8")
        with pytest.raises(SettingsError, match="'lost' is none of"):
            load(tmp_path / "lost.toml")
