"""Small PDFs, written by hand."""

import zlib
from collections.abc import Sequence
from io import BytesIO

from pypdf import PdfReader, PdfWriter


def _stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< " + head + b"/Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def shown(lines: Sequence[str]) -> bytes:
    """What draws these lines."""
    texts = (line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines)
    drawn = "".join(f"({text}) Tj T*\n" for text in texts)
    return f"BT /F1 12 Tf 14 TL 72 720 Td\n{drawn}ET".encode("latin-1")


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF whose pages have these lines."""
    return written([_stream(shown(lines)) for lines in pages])


def bomb(size: int) -> bytes:
    """A PDF of a few kilobytes whose only page unpacks to `size` bytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)) + packer.flush()
    return written([_stream(packed, b"/Filter /FlateDecode ")])


def written(contents: Sequence[bytes]) -> bytes:
    """A PDF with a page for each of these streams."""
    count = len(contents)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(contents):
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R" % (5 + 2 * n)
        objects += [page + b" /Resources << /Font << /F1 3 0 R >> >> >>", content]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % n + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def outlined(content: bytes, entries: Sequence[tuple[str, int]]) -> bytes:
    """The same PDF with an outline: titles and their pages from 0, each inside of the one before it."""
    writer, parent = PdfWriter(clone_from=PdfReader(BytesIO(content))), None
    for title, page in entries:
        parent = writer.add_outline_item(title=title, page_number=page, parent=parent)
    return _bytes(writer)


def locked(content: bytes, password: str) -> bytes:
    """The same PDF that opens with a password only; with an empty one everybody may read it."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    return _bytes(writer)


def _bytes(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
