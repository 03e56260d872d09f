"""A real Prometheus and two replicas on one store: it sees both, and its rules notice what goes wrong."""

import asyncio
from pathlib import Path

from tests.e2e.conftest import AsyncStart
from tests.e2e.prometheus import Prometheus
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE
from tests.e2e.two import Two, catalogue

# What these say depends on how busy the machine is that runs the test, which nobody asks here.
_OF_THE_MACHINE = {"MasterxSlowItself", "MasterxStoreSlow", "MasterxLoopLate"}


async def test_two_replicas_are_scraped_right_and_the_rules_notice_a_provider_and_a_replica_that_die(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with MisbehavingProvider() as second:
        shared = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
        settings = {**shared, "MASTERX_PROVIDERS": catalogue(tmp_path, provider, second)}
        here = Two(await start(**settings), provider, second)
        there = Two(await start(**settings), provider, second)
        names = [two.masterx.url.removeprefix("http://") for two in (here, there)]
        async with Prometheus(tmp_path, names) as prometheus:
            await prometheus.until('up{job="masterx"} == 1', 2)
            for two, turns in ((here, 3), (there, 2)):
                session = await two.masterx.session()
                for _ in range(turns):
                    assert (await two.ask(session))["provider"] == "first"
            # Each replica counts its own turns, and all of them together are all that there were.
            await prometheus.until("sum(masterx_turns_total) == 5", 1)
            by_replica = await prometheus.ask("sum by (instance) (masterx_turns_total)")
            assert {labels["instance"]: value for labels, value in by_replica} == dict(zip(names, (3, 2), strict=True))
            assert await prometheus.firing() <= _OF_THE_MACHINE

            provider.script(fault="503")
            async with asyncio.timeout(PATIENCE):
                while "MasterxBreakerOpen" not in await prometheus.firing():
                    await here.ask()
            query = 'ALERTS{alertname="MasterxBreakerOpen", alertstate="firing"}'
            [(labels, _)] = await prometheus.ask(query)  # one, although both replicas say so
            assert (labels["provider"], labels["severity"], labels["rule"]) == ("first", "ticket", "breaker")
            async with asyncio.timeout(PATIENCE):
                while "MasterxProviderFails" not in await prometheus.firing():
                    await there.masterx.call("POST", "/v1/providers/first:reset")  # it is not well yet
                    await asyncio.gather(here.ask(), there.ask())
            # Learners were answered by the other one all the time: nothing of the month's budget is spent.
            assert "MasterxErrorBudgetBurns" not in await prometheus.firing()

            provider.reset()
            assert (await there.masterx.call("POST", "/v1/providers/first:reset"))[0] == 200
            await prometheus.until(query, 0)

            await there.masterx.kill()
            [(labels, _)] = await prometheus.until('ALERTS{alertname="MasterxReplicaDown", alertstate="firing"}', 1)
            assert labels["instance"] == names[1]
            assert "MasterxGone" not in await prometheus.firing()
