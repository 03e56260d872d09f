"""`python -m bench NAME …` runs one bench; without a name, says which there are."""

import sys
from importlib import import_module

BENCHES = {
    "turn": "rates and added latency of a turn, beside a bare relay and the provider itself",
    "live": "up to fifty thousand who watch: lag, memory and CPU beside the plainest broadcast loop",
    "chat": "a thousand chats at once: WebSocket beside SSE",
    "page": "how soon the chat page shows something",
    "relay": "our adapter beside raw aiohttp and the OpenAI SDK",
    "recall": "cold and warm memories of learners on both stores, memory, what is fetched ahead",
    "store": "durable writes of both stores beside plain SQLite",
    "clients": "stock OpenAI clients, from npm and from Python, beside raw aiohttp",
    "prefix": "what prompts have in common with the one before, and how much sooner the first word comes for it",
    "responses": "a question that is in the cache of answers, one that is not, and no cache",
    "faults": "what a learner sees of each fault of a provider, and what falling over costs",
    "context": "share of the evidence in the context by budget, beside last-N, FTS5 and BM25; ms by size of history",
    "compress": "tokens cut and evidence kept by each level of compression, beside truncation and chance",
    "memory": "chances of recall on a log of reviews, held-out cards, beside a constant, FSRS and FSRS with Platt",
    "knowledge": "what learners answer next: Elo, PFA, regression and the full model, on students not fitted on",
    "affect": "how well it is read out of a text how its writer feels, beside a lexicon and tf-idf",
    "urgency": "how well posts that cannot wait are told from others, beside tf-idf",
    "choices": "regret, harm and coverage of the default policy of choice in a simulator, beside standard Thompson; µs",
    "patterns": "µs of a look-up in a full memory of what helped, and of learning",
    "predictor": "µs of a forecast and of a lesson; its errors and what it would have spared, beside the mean of late",
    "choice_replay": "how soon the better of two models is asked, task by task, beside standard Thompson sampling",
    "series": "what figures of a turn, a window and a day cost, and how exact they are, beside Prometheus' histogram",
    "experiments": "false alarms and power of experiments that are looked at all the time; judging by logs: coverage",
    "incidents": "injected incidents: how soon seen, first cause right, false alarms; /health while servers hang",
    "traces": "what it costs a turn to be told as a trace, beside the SDK of OpenTelemetry",
    "path": "ms to plan a path over 500 skills; what annealing gains over greedy before a deadline",
}


def main(arguments: list[str]) -> int:
    """Runs the bench that the first argument names; gives the exit code."""
    if not arguments or arguments[0] not in BENCHES:
        print("masterx bench NAME [OPTIONS]\n", *(f"  {name:12}{what}" for name, what in BENCHES.items()), sep="\n")
        return 2 if arguments and arguments[0] not in ("-h", "--help") else 0
    import_module(f"bench.{arguments[0]}").main(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
