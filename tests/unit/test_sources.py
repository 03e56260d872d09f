"""What a live channel begins with, after somebody in it was erased."""

from app.broadcasting.channel import Channel, Kind
from app.broadcasting.sources import Sources
from app.clock import HandClock

TURNS = Channel("turns", kind=Kind.EVENTS, whose=lambda event: str(event["who"]))


def test_whoever_is_erased_is_in_no_list_and_a_namesake_of_another_workspace_stays() -> None:
    sources, eve, bob = Sources(HandClock()), {"who": "eve"}, {"who": "bob"}
    for workspace, event in (("w", eve), ("another", eve), ("w", bob)):
        sources.told(TURNS, workspace, event)
    assert sources.value(TURNS, None) == [eve, eve, bob]
    assert sources.value(TURNS, "w") == [eve, bob]
    sources.forget(TURNS, "w", "eve")
    assert sources.value(TURNS, None) == [eve, bob]
    assert sources.value(TURNS, "w") == [bob]
    assert sources.value(TURNS, "another") == [eve]
