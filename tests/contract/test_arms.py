"""What imports brought, over every store: each deployment once, beside what is known, and gone without a trace."""

from app.storage.arms import Arms, Brought, Head
from app.storage.ports import ARMS, Find
from tests.contract.conftest import AnyStore


async def test_what_an_import_brought_takes_the_place_of_what_the_same_deployment_had_brought(store: AnyStore) -> None:
    arms, long = Arms(store), "x" * 3_000_000
    assert await arms.put("w", "known", Head("t1", 0), None)
    for n, (workspace, by, text) in enumerate(
        [("w", "a", "old"), ("w", "b", long), ("v", "a", "other"), ("w", "a", "new")]
    ):
        await arms.bring(Brought(workspace, by, frozenset({by, "c"}), text), f"brought {n}")
    found = [one async for one in arms.brought("w")]
    assert sorted((one.by, one.text) for one in found) == [("a", "new"), ("b", long)]
    assert found[0].of == {found[0].by, "c"}
    assert len([one async for one in arms.brought()]) == 3
    assert [(workspace, text) async for workspace, _, text in arms.all()] == [("w", "known")]
    for one in found:
        await arms.give_up(one)
    assert [one.workspace async for one in arms.brought()] == ["v"]
    assert len(await store.find(ARMS, Find({}, limit=50))) == 4  # two heads, each with the one part of its text
