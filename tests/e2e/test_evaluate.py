"""`masterx evaluate` over a real store: what another policy would have earned, or why that cannot be told."""

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from app.choices.offline.entries import Entry
from app.choosing.credit import credits_of
from app.clock import SystemClock, iso
from app.judging.verdicts import allowed, fixed
from app.policy import load
from app.storage.ports import REWARDS, TURNS
from app.storage.records import to_doc
from app.vocabulary import Choice, Decision, Reward, Source, State, Task, Turn
from tests.contract.conftest import open_store
from tests.e2e.policies import changed
from tests.e2e.service import cli

CLOCK = SystemClock()
ARMS = ("hints", "socratic")
WORTH = {"hints": 0.4, "socratic": 0.7}


def turn(n: int, arm: str, propensity: float | None) -> Turn:
    """A turn of a learner who practises, by a strategy that a lot chose."""
    made = Decision(Choice.STRATEGY, "practice/unknown", ARMS, arm, propensity, "learned", "a lot")
    return Turn(
        *(CLOCK.id(), "default", CLOCK.id(), f"learner {n % 60}", 1, "Why?", iso(CLOCK.now())),
        state=State.COMPLETE,
        task=Task.PRACTICE,
        provider="openai",
        decisions=(made,),
    )


async def seeded(folder: Path, environment: dict[str, str], turns: int) -> None:
    """Keeps turns that tried both strategies alike, of which socratic is the better one."""
    assert (await cli(folder, environment, "migrate"))[0] == 0
    store, chance = await open_store(environment["MASTERX_STORE"].removeprefix("sqlite:///")), random.Random(3)
    made = [turn(n, chance.choice(ARMS), 0.5) for n in range(turns)]
    made += [turn(n, "hints", None) for n in range(7)]  # of an older version that did not know
    writes = [store.insert(TURNS, to_doc(one)) for one in made]
    for one in made[3:]:
        right = float(chance.random() < WORTH[one.decisions[0].arm])
        about = (one.learner_id, one.id, Source.FEEDBACK, right, iso(CLOCK.now()))
        reward = Reward(CLOCK.id(), "default", *about, credits=credits_of(one, Source.FEEDBACK))
        writes.append(store.insert(REWARDS, to_doc(reward)))
    await asyncio.gather(*writes)
    await store.close()


async def test_a_candidate_is_judged_by_what_was_logged(tmp_path: Path) -> None:
    environment = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    await seeded(tmp_path, environment, 600)
    fixed = ('mode = "learned"', 'mode = "fixed"')
    better = changed(tmp_path, fixed, ('practice = "hints"', 'practice = "socratic"'), name="better.toml")
    code, said, _ = await cli(tmp_path, environment, "evaluate", better)
    assert code == 0
    assert "the candidate is better" in said
    assert "left out: 7 decisions without a propensity" in said
    assert "left out: 3 decisions of turns of which nothing was told" in said
    code, said, _ = await cli(tmp_path, environment, "evaluate", better, "--json")
    strategy = next(one for one in json.loads(said) if one["choice"] == "strategy")
    for name in ("ips", "snips", "robust"):
        estimate = strategy["estimates"][name]
        assert estimate["low"] < 0.7 < estimate["high"], name
        assert estimate["value"] == pytest.approx(0.7, abs=0.1)
    learned = changed(tmp_path, name="learned.toml")
    assert "the candidate is better" in (await cli(tmp_path, environment, "evaluate", learned))[1]
    never = changed(tmp_path, fixed, ('practice = "hints"', 'practice = "worked_example"'), name="never.toml")
    code, said, _ = await cli(tmp_path, environment, "evaluate", never)
    assert (code, "never tried: worked_example, which it would choose in 100% of the turns" in said) == (1, True)
    code, _, said = await cli(tmp_path, environment, "evaluate", str(tmp_path / "none.toml"))
    assert (code, said) == (2, f"masterx: evaluate: cannot read {tmp_path}/none.toml: No such file or directory\n")


async def test_a_thin_log_is_refused_with_the_reason(tmp_path: Path) -> None:
    environment = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    await seeded(tmp_path, environment, 80)
    code, said, _ = await cli(tmp_path, environment, "evaluate", changed(tmp_path))
    assert code == 1
    assert "at least 100 are needed" in said


def test_of_variants_a_candidate_has_those_of_the_logged_strategy_that_it_tries(tmp_path: Path) -> None:
    policy = load(Path(changed(tmp_path, ('hints = ["standard", "ask_first", "with_reason"]', ""))))
    guided = Entry("w/ada", "general", "general", ("guided/standard", "guided/shorter"), "guided/shorter", 0.5, 1.0)
    practised = replace(guided, task="practice", arms=("hints/standard", "hints/ask_first"), arm="hints/standard")
    assert allowed(Choice.VARIANT, policy, practised) == ["hints/standard"]
    assert allowed(Choice.VARIANT, policy, guided) == [*guided.arms]
    assert [fixed(Choice.VARIANT, policy)(one) for one in (practised, guided)] == ["hints/standard", "guided/standard"]
