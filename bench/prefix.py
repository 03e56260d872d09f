"""What of each prompt is what the one before began with, and what that spares: all dialogues of LoCoMo, in time order.

    masterx bench prefix [--dialogues 2] [--limit N]

First every exchange is played through the real service, on one core, with a provider that answers at once what the
dialogue says: the share of a prompt's bytes with which the one before began, too, the tokens that a prefix cache gives
for free, fragments found warm, milliseconds of assembly. Then some dialogues are played against a provider that takes
0.3 ms to read a token that is not in its prefix cache (`prefill.py`): through the service, and straight to it with the
whole history each time, which is what an application without a context engine does; that both with a prefix cache and
without. Days lie between the sessions of a dialogue, and providers keep prefixes for minutes, so each session begins
with an empty cache.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from app.policy import load
from app.settings import CONFIG
from bench.prefill import Prefill, Read, prefill
from bench.report import keep, skip, table
from bench.talks import LOCOMO, Talk, talks
from tests.e2e.service import Masterx

SAMPLED = 15
"""Without a prefix cache one exchange of so many is timed: each takes seconds."""

LONG = 300
"""Exchanges, which is 600 turns, from which on a history counts as long."""


@dataclass
class Seen:
    """What was seen of a replay."""

    reads: list[tuple[Read, Read | None, bool]] = field(default_factory=list)
    """Each prompt, the one before it to the same learner, and whether a session began with it."""

    context_ms: list[float] = field(default_factory=list)
    long_ms: list[float] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)
    full_tokens: int = 0
    first_ms: list[tuple[float, bool]] = field(default_factory=list)
    """Milliseconds to the first word, and whether a session began with it."""


async def played(masterx: Masterx, provider: Prefill, sessions: list[Talk]) -> Seen:
    """All exchanges through the service."""
    seen, before, said = Seen(), dict[str, Read](), dict[str, int]()
    for talk in sessions:
        provider.forget()
        session = await _session(masterx, talk)
        for n, (message, reply) in enumerate(talk.exchanges):
            provider.reply = reply
            turn, first_ms = await _asked(masterx, session, message)
            read = provider.reads[-1]
            seen.reads.append((read, before.get(talk.who), n == 0))
            before[talk.who], said[talk.who] = read, said.get(talk.who, 0) + 1
            seen.first_ms.append((first_ms, n == 0))
            seen.context_ms.append(turn["timing"]["context_ms"])
            if said[talk.who] > LONG:
                seen.long_ms.append(turn["timing"]["context_ms"])
        _, receipt = await masterx.call("GET", f"/v1/turns/{turn['id']}/context")
        seen.receipts.append(_bytes(receipt))
    return seen


def _bytes(receipt: dict[str, Any]) -> int:
    """What a receipt takes in the record of its turn, about."""
    layers = [layer for layer in receipt["layers"] if layer["outcome"] != "empty"]
    return len(json.dumps({**receipt, "layers": layers}, separators=(",", ":")))


async def _session(masterx: Masterx, talk: Talk) -> str:
    """A session with a title, as front ends give them, so that there is a line of memory for it later."""
    about = {"learner_id": talk.who, "subject": "Conversation", "title": f"What happened until {talk.at:%d %B %Y}"}
    status, session = await masterx.call("POST", "/v1/sessions", about)
    assert status == 201, session
    return str(session["id"])


async def _asked(masterx: Masterx, session: str, message: str) -> tuple[dict[str, Any], float]:
    """A streamed turn, and the milliseconds to its first word."""
    began, first = time.perf_counter(), 0.0
    url = f"{masterx.url}/v1/sessions/{session}/turns"
    async with masterx.http.post(url, json={"message": message, "stream": True}) as answer:
        event = ""
        async for raw in answer.content:
            line = raw.decode()
            if line.startswith("event: "):
                event = line[7:].strip()
            elif line.startswith("data: "):
                if event == "delta" and not first:
                    first = (time.perf_counter() - began) * 1e3
                if event == "turn.completed":
                    return json.loads(line[6:]), first
    raise AssertionError(f"the turn did not complete: {event}")


async def straight(url: str, provider: Prefill, sessions: list[Talk], every: int = 1) -> list[tuple[float, bool]]:
    """The same with the whole history, without the service: milliseconds to the first word. Where only one of so many
    exchanges is asked, nothing of it is in the provider's cache."""
    policy = load(CONFIG / "policy.toml")
    system = {"role": "system", "content": f"{policy.instructions}\n{policy.strategies['guided'].text}"}
    said: dict[str, list[dict[str, str]]] = {}
    found: list[tuple[float, bool]] = []
    async with aiohttp.ClientSession() as http:
        for talk in sessions:
            provider.forget()
            for n, (message, reply) in enumerate(talk.exchanges):
                provider.reply = reply
                messages = said.setdefault(talk.who, [system])
                messages.append({"role": "user", "content": message})
                if (len(messages) // 2) % every:
                    messages.append({"role": "assistant", "content": reply})
                    continue
                if every > 1:
                    provider.forget()
                began = time.perf_counter()
                async with http.post(f"{url}/chat/completions", json={"model": "m", "messages": messages}) as answer:
                    await answer.content.readline()
                    found.append(((time.perf_counter() - began) * 1e3, n == 0))
                    await answer.read()
                messages.append({"role": "assistant", "content": reply})
    return found


def same(read: Read, before: Read | None) -> int:
    """Bytes that two prompts begin with alike."""
    mine, other = read.text.encode(), before.text.encode() if before else b""
    return next((n for n, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), min(len(mine), len(other)))


def shares(seen: Seen) -> dict[str, float]:
    """Percent of bytes as in the prompt before, and of tokens for free in the cache, in all turns and past the first of
    each session."""
    later = [(read, before) for read, before, first in seen.reads if not first]
    alike = [(same(read, before), len(read.text.encode())) for read, before, _ in seen.reads]
    alike_later = [(same(read, before), len(read.text.encode())) for read, before in later]
    return {
        "same_bytes_percent": _percent(alike),
        "same_bytes_percent_within_sessions": _percent(alike_later),
        "cached_tokens_percent": _percent([(read.cached, read.tokens) for read, _, _ in seen.reads]),
        "cached_tokens_percent_within_sessions": _percent([(read.cached, read.tokens) for read, _ in later]),
        "tokens_a_prompt": statistics.mean(read.tokens for read, _, _ in seen.reads),
    }


def _percent(pairs: list[tuple[int, int]]) -> float:
    return 100 * sum(part for part, _ in pairs) / max(1, sum(whole for _, whole in pairs))


async def fragments(masterx: Masterx) -> float:
    """Percent of fragments that were found warm."""
    async with masterx.http.get(f"{masterx.url}/metrics") as answer:
        text = await answer.text()
    found = {
        k: float(v) for k, v in re.findall(r'^masterx_context_fragments_total\{result="(\w+)"\} (\S+)', text, re.M)
    }
    return 100 * found["hit"] / max(1.0, sum(found.values()))


async def run(dialogues: int, limit: int | None) -> dict[str, Any]:
    """Both parts."""
    sessions = talks()[:limit]
    some = sorted({talk.who for talk in sessions})[:dialogues]
    async with prefill() as (provider, url):
        provider.ms = 0.0
        with tempfile.TemporaryDirectory() as folder:
            async with Masterx(Path(folder), _environment(url)) as masterx:
                seen = await played(masterx, provider, sessions)
                warm = await fragments(masterx)
        provider.ms = 0.3
        chosen = [talk for talk in sessions if talk.who in some]
        with tempfile.TemporaryDirectory() as folder:
            async with Masterx(Path(folder), _environment(url)) as masterx:
                ours = (await played(masterx, provider, chosen)).first_ms
        theirs = await straight(url, provider, chosen)
        uncached = await straight(url, provider, chosen, SAMPLED)
    return {
        "shares": shares(seen),
        "warm_percent": warm,
        **_times(seen),
        "first": _first(ours, theirs, uncached),
        "turns": len(seen.reads),
    }


def _environment(url: str) -> dict[str, str]:
    return {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url}


def _times(seen: Seen) -> dict[str, Any]:
    def at(values: list[float]) -> dict[str, float] | None:
        return {"p50": _quantile(values, 0.5), "p99": _quantile(values, 0.99), "n": len(values)} if values else None

    return {
        "context_ms": at(seen.context_ms),
        "context_ms_past_600_turns": at(seen.long_ms),
        "receipt_bytes": {"p50": _quantile(seen.receipts, 0.5), "max": max(seen.receipts)},
    }


def _quantile(values: Any, q: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(int(q * len(ordered)), len(ordered) - 1)], 3)


def _first(ours: list[tuple[float, bool]], *theirs: list[tuple[float, bool]]) -> dict[str, dict[str, float]]:
    """Mean milliseconds to the first word through the service and with the whole history, with a prefix cache and
    without one, and how many times sooner it comes through the service."""
    found = {}
    for name, keeps in (("all", (True, False)), ("first of a session", (True,)), ("others", (False,))):
        engine, cached, uncached = (_mean([ms for ms, first in one if first in keeps]) for one in (ours, *theirs))
        found[name] = {
            "engine_ms": round(engine, 1),
            "full_history_ms": round(cached, 1),
            "full_history_without_prefix_cache_ms": round(uncached, 1),
            "times": round(cached / engine, 2),
            "times_without_prefix_cache": round(uncached / engine, 2),
        }
    return found


def _mean(values: list[float]) -> float:
    return statistics.mean(values) if values else float("nan")


def show(found: dict[str, Any]) -> None:
    """The tables."""
    shares, of = found["shares"], "%"
    rows = [
        ("bytes as in the prompt before", f"{shares['same_bytes_percent']:.1f} {of}"),
        ("… past the first turn of a session", f"{shares['same_bytes_percent_within_sessions']:.1f} {of}"),
        ("tokens in the provider's prefix cache", f"{shares['cached_tokens_percent']:.1f} {of}"),
        ("… past the first turn of a session", f"{shares['cached_tokens_percent_within_sessions']:.1f} {of}"),
        ("tokens a prompt", f"{shares['tokens_a_prompt']:.0f}"),
        ("fragments found warm", f"{found['warm_percent']:.1f} {of}"),
        ("context p50 / p99", _pair(found["context_ms"])),
        ("… past 600 turns of history", _pair(found["context_ms_past_600_turns"])),
        ("bytes of a receipt, p50 / most", f"{found['receipt_bytes']['p50']} / {found['receipt_bytes']['max']}"),
    ]
    table(f"{found['turns']:,} exchanges of LoCoMo in time order", ("", "measured"), rows)
    times = [(turns, *[f"{value:,.2f}" for value in one.values()]) for turns, one in found["first"].items()]
    head = ("turns", "engine", "whole history", "no prefix cache", "times", "times, no prefix cache")
    table("Milliseconds to the first word, mean", head, times)


def _pair(found: dict[str, float] | None) -> str:
    return f"{found['p50']:.2f} / {found['p99']:.2f} ms ({found['n']:.0f} turns)" if found else "–"


def main(arguments: list[str]) -> int:
    """Runs it; gives the exit code."""
    parser = argparse.ArgumentParser(prog="masterx bench prefix")
    parser.add_argument("--dialogues", type=int, default=2, help="how many are timed against the reading provider")
    parser.add_argument("--limit", type=int, help="only so many sessions")
    options = parser.parse_args(arguments)
    if not LOCOMO.is_dir():
        skip("the dialogues (../shared/data/locomo) are not here")
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = asyncio.run(run(options.dialogues, options.limit))
    show(found)
    keep("prefix", found)
    return 0
