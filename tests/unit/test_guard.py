"""What looks at the calls that wait for a model: one timer, however often calls come and go."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

from app.clock import HandClock
from app.routing.forecast import Seen
from app.routing.guard import Call, Guard
from app.vocabulary import Prompt
from tests.fakes import entry, guard

MODEL = entry("groq")
Ts = TypeVarTuple("Ts")


class HandLoop(asyncio.SelectorEventLoop):
    """A loop whose timers are kept until they are told that their time has come."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[asyncio.TimerHandle] = []

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.timers.append(asyncio.TimerHandle(self.time() + delay, callback, args, self, context))
        return self.timers[-1]

    def come(self) -> None:
        """Runs the timers that there are."""
        due, self.timers = self.timers, []
        for timer in due:
            timer._run()


def guarded(test: Callable[[Guard, HandLoop], Coroutine[Any, Any, None]]) -> None:
    """Runs a test on a loop whose timers it turns by hand."""
    with asyncio.Runner(loop_factory=HandLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, HandLoop)
        runner.run(test(guard(HandClock()), loop))


async def begun(watch: Guard, stream: bool = True) -> Call:
    """A call of the model that is under way."""
    call = await watch.admit(MODEL, Prompt((), 100, 0.4, stream))
    assert call is not None
    watch.began(call, Prompt((), 100, 0.4, stream))
    return call


def test_one_timer_looks_at_a_model_however_often_its_calls_come_and_go() -> None:
    async def come_and_go(watch: Guard, loop: HandLoop) -> None:
        for _ in range(100):
            call = await begun(watch)
            watch.heard(call, 0.1, None)
            watch.ended(call, None, Seen(False, 0.2, 0.1))
        assert len(loop.timers) == 1
        loop.come()
        assert loop.timers == []
        await begun(watch)
        assert len(loop.timers) == 1

    guarded(come_and_go)


def test_it_looks_again_as_long_as_a_call_waits() -> None:
    async def wait(watch: Guard, loop: HandLoop) -> None:
        first, second = await begun(watch), await begun(watch)
        for _ in range(10):
            loop.come()
            assert len(loop.timers) == 1
        watch.heard(first, 0.1, None)
        loop.come()
        assert len(loop.timers) == 1
        watch.ended(second, None, Seen(None, 0.2))
        loop.come()
        assert loop.timers == []

    guarded(wait)


def test_streams_and_answers_in_one_piece_are_looked_at_apart() -> None:
    async def both(watch: Guard, loop: HandLoop) -> None:
        for stream in (True, False):
            await begun(watch, stream)
            await begun(watch, stream)
        assert len(loop.timers) == 2

    guarded(both)
