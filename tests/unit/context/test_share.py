"""A budget is shared by use per token, never exceeded, and nothing that is wanted is left over."""

from hypothesis import given
from hypothesis import strategies as st

from app.context.share import Claim, share

claims = st.lists(
    st.builds(Claim, st.uuids().map(str), st.floats(0, 4), st.integers(0, 500), st.integers(0, 3_000)),
    max_size=8,
    unique_by=lambda claim: claim.name,
)


@given(claims, st.integers(-10, 6_000))
def test_shares_are_never_more_than_the_budget_nor_than_what_is_wanted(wanted: list[Claim], budget: int) -> None:
    given_ = share(wanted, budget)
    assert sum(given_.values()) <= max(budget, 0)
    assert all(0 <= given_[claim.name] <= claim.most for claim in wanted)
    assert given_ == share(wanted, budget)


@given(claims, st.integers(0, 6_000))
def test_floors_are_kept_where_they_fit_together(wanted: list[Claim], budget: int) -> None:
    given_ = share(wanted, budget)
    if sum(min(claim.floor, claim.most) for claim in wanted) <= budget:
        assert all(given_[claim.name] >= min(claim.floor, claim.most) - 1 for claim in wanted)


@given(claims.filter(lambda wanted: all(claim.weight > 0.01 for claim in wanted)), st.integers(0, 6_000))
def test_nothing_is_left_over_while_anybody_wants_more(wanted: list[Claim], budget: int) -> None:
    left = budget - sum(share(wanted, budget).values())
    if sum(claim.most for claim in wanted) > budget:
        assert left <= len(wanted)


@given(claims, st.integers(0, 6_000))
def test_the_next_token_of_whoever_is_free_is_worth_as_much_as_any_other(wanted: list[Claim], budget: int) -> None:
    scale = 256.0
    given_ = share(wanted, budget, scale)

    def worth(claim: Claim, tokens: int) -> float:
        return claim.weight / (1 + tokens / scale)

    takers = [claim for claim in wanted if given_[claim.name] > claim.floor + 2]
    wanting = [claim for claim in wanted if given_[claim.name] < claim.most - 2]
    if sum(min(claim.floor, claim.most) for claim in wanted) < budget:
        for taker in takers:
            for other in wanting:
                assert worth(taker, given_[taker.name] - 2) >= worth(other, given_[other.name] + 2) * 0.99


def test_twice_the_weight_gets_more_and_the_first_tokens_of_the_other_are_still_worth_it() -> None:
    given_ = share([Claim("a", 1.0, 0, 5_000), Claim("b", 0.5, 0, 5_000)], 1_000)
    assert given_["a"] > given_["b"] > 0
    assert sum(given_.values()) == 1_000
