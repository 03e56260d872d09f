"""A document in any format as blocks, read in a process of its own: what was sent by a stranger may be made to take
all memory and time there are, and neither the service nor what it knows is within its reach there.
"""

import sys
from collections.abc import Iterator

import orjson

from app.courses.blocks import Block, Unreadable, bounded, plain
from app.courses.hypertext import html
from app.courses.markdown import markdown
from app.courses.pdf import pdf
from app.vocabulary import Format

CPU_SECONDS = 10
MEMORY = 1_000_000_000
"""What the process may take, in seconds of the processor and bytes of address space."""

NO_UTF8 = "is not UTF-8 text"


def blocks_of(content: bytes, format: Format) -> list[Block]:  # noqa: A002 - the field's own name
    """The blocks of a document; `Unreadable` where there is no text to be had, or too much."""
    if format == "pdf":
        return bounded(pdf(content))
    readers = {"markdown": markdown, "text": plain, "html": html}
    try:
        return bounded(readers[format](content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise Unreadable(NO_UTF8) from error


def answer(content: bytes, format: Format) -> bytes:  # noqa: A002 - the field's own name
    """What the process says: a line of JSON for each block, or one for why there are none."""
    try:
        blocks = blocks_of(content, format)
    except Unreadable as reason:
        return orjson.dumps(str(reason))
    return b"\n".join(orjson.dumps([b.text, b.heading, b.whole, b.page]) for b in blocks)


def understood(said: bytes) -> Iterator[Block]:
    """What a process said, taken back line by line: the blocks, or `Unreadable`."""
    for line in said.splitlines():
        told = orjson.loads(line)
        if isinstance(told, str):
            raise Unreadable(told)
        text, heading, whole, page = told
        yield Block(text, tuple(heading), whole, page)


def _confine() -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows; the service's own clock is left
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _confine()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), sys.argv[1]))  # type: ignore[arg-type]
