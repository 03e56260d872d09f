"""An event reaches all who subscribed."""

import pytest

from app.events import Changed, Event, Events


def test_a_handler_that_raises_keeps_the_event_from_nobody_and_harms_nobody_who_publishes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events, heard = Events(), list[Event]()

    def deaf(event: Event) -> None:
        raise LookupError("no ear")

    for handler in (heard.append, deaf, heard.append):
        events.subscribe(handler)
    event = Changed("policy", "2", "became active")
    events.publish(event)
    assert heard == [event, event]
    assert "Changed was not heard by" in caplog.text
    assert "deaf" in caplog.text
    assert "LookupError: no ear" in caplog.text
