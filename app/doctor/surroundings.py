"""The doctor's look at the machine: the port to serve on, and the limit of open files."""

import resource
import socket

import aiohttp

from app.doctor.findings import Finding

_FILES = 4_096


async def port(host: str, number: int, patience: float) -> Finding:
    """Whether `masterx serve` could listen there, or does already; it may take `patience` seconds to say so."""
    shown = f"{host}:{number}"
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
            probe.listen()
    except (OSError, OverflowError) as error:
        if await _masterx(host, number, patience):
            return Finding("port", "ok", f"{shown}: MasterX serves there")
        why = getattr(error, "strerror", None) or str(error)
        advice = "end the program that has it, or serve on another one: `masterx serve --port`"
        return Finding("port", "problem", f"{shown}: {why}", advice)
    return Finding("port", "ok", f"{shown}: free")


async def _masterx(host: str, number: int, patience: float) -> bool:
    url = f"http://{f'[{host}]' if ':' in host else host}:{number}/openapi.json"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(patience)) as http, http.get(url) as answer:
            return bool((await answer.json())["info"]["title"] == "MasterX")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError):
        return False


def files() -> Finding:
    """How many files and connections a process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    advice = (
        f"each open stream takes two files: `ulimit -n {_FILES}` or more before the start "
        "(systemd: LimitNOFILE=, Docker: --ulimit nofile=)"
    )
    return Finding("open files", "note", f"limit {soft:,}", advice) if soft < _FILES else _enough(soft)


def _enough(soft: int) -> Finding:
    return Finding("open files", "ok", f"limit {soft:,}")
