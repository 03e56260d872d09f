"""What a chain of calls may spend: never begun beyond the purse, never counted as less than it may have cost."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import (
    BrokenStream,
    NoProvider,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderTimeout,
    SettingsError,
)
from app.policy import load as load_policy
from app.providers.port import Prices
from app.routing.answer import Answer, Request
from app.routing.money import Purse, Tariff, nano
from app.routing.rank import Wanted
from app.settings import CONFIG
from app.vocabulary import OFFLINE, Attempt, Chunk, Finish, Message, Prompt, Task, Usage
from tests.fakes import WHOLE, ScriptedProvider, entry, routed

PROMPT = Prompt((Message("user", "Why?"),), 100, 0.4, stream=True)
TARIFF = Tariff(tokens=244, max_tokens=100, unpriced=False)
ONE = 500 * 1_000 + 100 * 2_000
"""Nano-dollars that a call at one dollar in, two out costs at most."""

SAID = 95 * 1_000 + 5 * 2_000 + 5_000
"""What `WHOLE` costs there: 100 tokens in, of them 20 cached at the same price, and 5 out."""


def priced(name: str, times: float = 1.0, script: list[Chunk | ProviderError] | None = None) -> ScriptedProvider:
    model = replace(entry(name), prices=Prices(times, None, 2 * times))
    return ScriptedProvider(model, WHOLE if script is None else script)


async def told(
    left: int | None, *providers: ScriptedProvider, last: ScriptedProvider | None = None, continued: str | None = None
) -> Answer:
    router, answer = routed(providers, last), Answer(Purse(TARIFF, left))
    try:
        async for _ in router.stream(
            Request(PROMPT, router.candidates(Wanted(Task.GENERAL)), 5.0, continued=continued), answer
        ):
            pass
    except (NoProvider, ProviderError):
        pass
    return answer


async def test_a_call_is_charged_what_its_provider_counted() -> None:
    answer = await told(ONE, priced("a"))
    assert answer.purse.spent == SAID == nano(answer.attempts[0].cost_usd or 0)
    assert answer.purse.left == ONE - SAID


async def test_a_call_that_is_dearer_than_what_is_left_is_not_made() -> None:
    dear, cheap = priced("dear", 2.0), priced("cheap")
    answer = await told(ONE, dear, cheap)
    assert [attempt.provider for attempt in answer.attempts] == ["cheap"]
    assert not dear.asked


async def test_after_a_call_that_may_have_been_paid_for_the_rest_decides_who_is_next() -> None:
    broken = priced("a", script=[BrokenStream("cut")])
    answer = await told(ONE + ONE // 2, broken, priced("b"), priced("c", 0.5))
    assert [attempt.provider for attempt in answer.attempts] == ["a", "c"]
    assert answer.purse.spent == ONE + SAID // 2


async def test_when_nothing_is_left_the_offline_tutor_answers() -> None:
    offline = ScriptedProvider(
        replace(entry(OFFLINE), provider=OFFLINE), [Chunk("Hm.", Finish.STOP, Usage(cost_usd=0))]
    )
    answer = await told(0, priced("a"), last=offline)
    assert [attempt.provider for attempt in answer.attempts] == [OFFLINE]
    assert (answer.purse.spent, answer.purse.left) == (0, 0)


@pytest.mark.parametrize(
    ("failure", "charged"),
    [
        (ProviderDown("503"), 0),
        (ProviderBusy("429"), 0),
        (ProviderTimeout("silent"), ONE),
        (BrokenStream("cut"), ONE),
    ],
)
async def test_a_failure_costs_nothing_only_where_the_provider_did_not_take_it_on(
    failure: ProviderError, charged: int
) -> None:
    assert (await told(ONE, priced("a", script=[failure]))).purse.spent == charged


async def test_an_answer_that_broke_off_is_charged_in_full_whatever_was_counted_by_then() -> None:
    counted = Chunk("What do", usage=Usage(100, 0, 2))
    assert (await told(ONE, priced("a", script=[counted, BrokenStream("cut")]))).purse.spent == ONE


async def test_going_on_with_an_answer_costs_its_words_once_more_and_is_not_done_without_the_money() -> None:
    def two() -> tuple[ScriptedProvider, ScriptedProvider]:
        return priced("a", script=[Chunk("What do"), BrokenStream("cut")]), priced("b")

    longer = TARIFF.longer().most(priced("b").entry) or 0
    assert longer == ONE + 164_000
    answer = await told(ONE + longer, *two(), continued="…")
    assert (answer.continued, answer.purse.spent) == (True, ONE + SAID)
    answer = await told(ONE + longer - 1, *two(), continued="…")
    assert ([a.provider for a in answer.attempts], answer.purse.spent) == (["a"], ONE)


async def test_an_answer_that_was_blocked_is_charged_as_it_was_counted() -> None:
    blocked = Chunk(finish=Finish.CONTENT_FILTER, usage=Usage(9, 0, 0))
    answer = await told(ONE, priced("a", script=[blocked]))
    assert (answer.purse.spent, answer.attempts[0].outcome) == (9_000, "refused")


async def test_an_answer_that_nobody_counted_is_charged_in_full() -> None:
    uncounted = [Chunk("Yes."), Chunk(finish=Finish.STOP)]
    assert (await told(ONE, priced("a", script=[*uncounted]))).purse.spent == ONE


async def test_without_a_limit_everybody_is_asked_and_nothing_is_counted() -> None:
    answer = await told(None, ScriptedProvider(entry("no-price")))
    assert (answer.attempts[0].outcome, answer.purse.spent) == ("ok", 0)


def test_a_call_that_goes_on_for_others_is_charged_in_full_to_whom_it_was_made_for() -> None:
    model, purse = priced("a").entry, Purse(TARIFF, 3 * ONE)
    purse.began(model)
    purse.ended(ONE, Attempt("a", "a-1", "ok", 1.0, None, SAID / 1e9))
    most = purse.began(model)
    assert purse.close() == SAID + ONE
    assert not purse.covers(model)
    purse.ended(most, Attempt("a", "a-1", "ok", 1.0, None, SAID / 1e9))
    assert Purse(TARIFF).close() is None
    cheaper = priced("b", 0.1).entry  # for those who still listen, within what was charged
    assert (purse.covers(model), purse.covers(cheaper)) == (False, True)
    assert purse.began(cheaper) + purse.spent <= SAID + ONE


OUTCOMES = st.sampled_from(["ok", "down", "busy", "refused", "timeout", "broken", "abandoned", "credential"])
COSTS = st.none() | st.floats(0, ONE / 1e9)


@given(st.integers(0, 5 * ONE), st.lists(st.tuples(OUTCOMES, COSTS, st.booleans()), max_size=12))
def test_a_purse_is_never_overdrawn_whatever_becomes_of_its_calls(
    left: int, calls: list[tuple[str, float | None, bool]]
) -> None:
    model, purse = priced("a").entry, Purse(TARIFF, left)
    under_way: list[Attempt] = []
    for outcome, cost, first in calls:
        if purse.covers(model):
            assert purse.began(model) == ONE
            under_way.append(Attempt("a", "a-1", outcome, 1.0, None, cost))
        if under_way and not first:  # calls overlap, as hedged ones do
            purse.ended(ONE, under_way.pop(0))
        assert purse.left is not None
        assert purse.left >= 0
        assert purse.left + purse.spent + len(under_way) * ONE == left


@given(st.floats(0, 1_000), st.floats(0, 1_000), st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**5))
def test_no_call_within_its_tokens_costs_more_than_the_most(
    of_input: float, output: float, tokens: int, said: int, unsaid: int
) -> None:
    prices = Prices(of_input, of_input / 10, output)
    cost = prices.cost(Usage(tokens, tokens // 2, said))
    most = prices.most(tokens, said + unsaid)
    assert cost is not None
    assert most is not None
    assert nano(cost) <= most + 1  # the cost is rounded to whole nano-dollars


def test_another_tokenizer_is_given_more_room() -> None:
    ours, llama = priced("a").entry, replace(priced("a").entry, tokenizer="llama3")
    assert ours.most(1_000, 0) == 1_256_000
    assert llama.most(1_000, 0) == 2_256_000
    assert replace(ours, max_output=10).most(0, 100) == 256_000 + 20_000


def test_a_chain_s_ceiling_is_that_of_its_two_dearest_calls() -> None:
    candidates = [priced("a"), priced("b", 3.0), ScriptedProvider(entry("no-price")), priced("c", 2.0)]
    assert TARIFF.ceiling(candidates) == 5 * ONE
    assert TARIFF.ceiling(candidates[:1]) == ONE
    assert TARIFF.ceiling([]) == 0
    assert replace(TARIFF, continued=True).ceiling(candidates) == 3 * ONE + 2 * (ONE + (100 + 64) * 1_000)
    assert TARIFF.most(entry("no-price")) is None
    assert replace(TARIFF, unpriced=True).most(entry("no-price")) == 0


@pytest.mark.parametrize(
    ("line", "instead", "complaint"),
    [
        ("[budgets]", "[budgets]\nworkspace_usd = -1.0", "budgets.workspace_usd: Input should be greater than"),
        ("[budgets]", "[budgets]\nlearner_usd = nan", "budgets.learner_usd: Input should be"),
        ("[budgets]", "[budgets]\nlearner_usd = inf", "budgets.learner_usd: Input should be less than or equal"),
        ('when_spent = "refuse"', 'when_spent = "beg"', "should be 'refuse', 'cheaper' or 'offline'"),
        ("[budgets]", "[workspaces.north]\nbudget = 1\n[budgets]", "workspaces.north.budget: Extra inputs"),
        ("degraded = true", "degraded = false", 'when_spent = "offline" needs routing.degraded = true'),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_one_line(
    tmp_path: Path, line: str, instead: str, complaint: str
) -> None:
    text = (CONFIG / "policy.toml").read_text("utf-8")
    if "degraded" in line:
        text = text.replace('when_spent = "refuse"', 'when_spent = "offline"')
    assert f"{line}\n" in text
    (tmp_path / "policy.toml").write_text(text.replace(f"{line}\n", f"{instead}\n"))
    with pytest.raises(SettingsError) as refused:
        load_policy(tmp_path / "policy.toml")
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
