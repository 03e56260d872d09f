"""What to do, in a sentence: by what is wrong, and by what it comes from."""

from collections.abc import Mapping
from types import MappingProxyType

BY_RULE: Mapping[str, str] = MappingProxyType(
    {
        "slo": "The causes below are ranked by evidence; start with the first. At this pace the month's error budget "
        "is gone early.",
        "breaker": "Others answer in its place. The provider's status page first, then `masterx doctor`; "
        "`POST /v1/providers/{name}:reset` asks it again at once.",
        "budget": "Turns will be refused, made cheaper or answered offline, as `budgets.when_spent` says; raise the "
        "limit in the policy or wait for midnight UTC.",
        "store": "Turns wait for the store, and are refused while it is away: its disk, its load, the network to it; "
        "`masterx doctor` says more.",
        "queue": "What is learned lags behind what happens; nothing is lost. More replicas, or a faster store.",
        "quiet": "Ask the service a question yourself; if it answers, look at the front end, the proxy and DNS.",
        "load": "More replicas where latency rises too; a single workspace may need a limit of its own.",
        "failures": "Learners see turns that end without an answer; the causes below say whose.",
        "task_failures": "Learners see turns of this task end without an answer; the causes below say why.",
        "degraded": "The offline tutor answers in the place of models: see which provider fails and why.",
        "latency": "Learners wait longer than usual; the causes below say on whom.",
        "overhead": "The time between question and provider has grown: store, cache or this machine's load.",
        "cost": "A turn costs more than usual; the causes below say for whom and through what.",
        "quality": "Learners find answers less helpful than usual; a policy that was activated before can be rolled "
        "back: `POST /v1/policies:rollback`.",
        "provider_errors": "Others answer in its place; the provider's status page, then `masterx doctor`.",
        "provider_latency": "The router moves turns away by itself; if all of them are slow, look at this machine's "
        "network.",
    }
)
"""For an alert of a rule."""

BY_CAUSE: Mapping[str, str] = MappingProxyType(
    {
        "busy": "It says that we ask too much: raise the rate limit there, or set `rate` in the catalogue and add "
        "another model.",
        "credential": "Renew its key in the environment and start the service again; waiting does not help.",
        "down": "It fails by itself: its status page. The breaker keeps turns away and tries it again.",
        "timeout": "It keeps silent: its status page. The breaker keeps turns away; `limits` in the catalogue says "
        "how long it is waited for.",
        "slow": "The router asks others first while this lasts; its status page.",
        "dear": "Its prices, and which of its models are asked: prices in the catalogue, strengths, the routing mode.",
        "model": "Take the model out of the catalogue, or lower its strengths, until it is well.",
        "task": "Look at turns of this task: `GET /v1/turns/{id}/context` shows what was sent.",
        "workspace": "Ask whoever runs that workspace what changed; a budget of its own bounds the cost.",
        "policy": "Roll it back: `POST /v1/policies:rollback`, then look at what it changed.",
        "experiment": "Stop it: `POST /v1/experiments/{id}:stop`; its results so far are kept.",
        "arm": "The safe arm answers now; `GET /v1/providers` and the log say why it was suspended.",
        "deploy": "Compare with the version before and go back to it if this is a new one.",
        "store": "Its disk, its load and the network to it; `masterx doctor` measures the round trip.",
        "own": "This machine's load: more replicas, or what else runs on it.",
        "prompts": "Prompts have grown: the context budget of the policy, and what front ends send as instructions.",
        "front": "Nothing in the service explains it: the front end, the proxy, DNS, or a day off.",
    }
)
"""For a likely cause, by its kind."""
