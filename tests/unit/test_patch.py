"""Merge patches: whoever applies them as RFC 7396 says has what the server has."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.broadcasting.patch import known, merged, patch
from tests.merge_patch import applied

_LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0, "a"]) | st.just([])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
_STATES = st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3).map(known)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 is not true, nor 1.0."""
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(_STATES, _STATES)
def test_a_patch_makes_the_new_state_of_the_old_one(old: Any, new: Any) -> None:
    change = patch(old, new)
    assert same(applied(old, change) if change is not None else old, new)


@given(_STATES, _STATES, _STATES)
def test_two_patches_as_one_do_what_both_do(first: Any, second: Any, third: Any) -> None:
    one, other = patch(first, second), patch(second, third)
    both = merged(one or {}, other or {})
    assert both is None or same(applied(first, both), third)
