"""Documents of every format become blocks: what a reader sees, under the headings it stands under."""

from contextlib import suppress

import pytest

from app.courses.blocks import MOST_CHARACTERS, Block, Unreadable
from app.courses.extract import answer, blocks_of, understood
from app.courses.pdf import MOST_PAGES
from app.vocabulary import Format
from tests.unit.courses.pdfs import locked, outlined, pdf, written


def read(text: str, format: Format) -> list[tuple[str, tuple[str, ...], bool]]:  # noqa: A002
    return [(block.text, block.heading, block.whole) for block in blocks_of(text.encode(), format)]


def test_markdown_keeps_code_tables_and_formulas_whole_and_knows_its_headings() -> None:
    text = """---
title: front matter
---
Intro,
two lines.

# Algebra #
Setext
------
- one

  still one
- two

```python
# no heading

x = 1
```
## Tables
| a | b |
|---|:-:|
| 1 | 2 |
after the table

$$
x^2

= 4
$$
    indented()

<!-- # not said -->
"""
    assert read(text, "markdown") == [
        ("Intro,\ntwo lines.", (), False),
        ("- one\n\n  still one\n- two", ("Algebra", "Setext"), False),
        ("```python\n# no heading\n\nx = 1\n```", ("Algebra", "Setext"), True),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", ("Algebra", "Tables"), True),
        ("after the table", ("Algebra", "Tables"), False),
        ("$$\nx^2\n\n= 4\n$$", ("Algebra", "Tables"), True),
        ("    indented()", ("Algebra", "Tables"), True),
    ]


@pytest.mark.parametrize("text", ["```\nnever closed", "$$ x", r"\begin{align} x", "| a |\n|--", "# \n\nx", "- "])
def test_markdown_that_breaks_off_loses_nothing(text: str) -> None:
    assert "".join(block[0] for block in read(text, "markdown")).strip("\n")


def test_html_gives_what_is_seen() -> None:
    page = """<!doctype html><html><head><title>T</title><style>p{}</style></head><body><nav>Home</nav>
<h1>Fish &amp; Chips</h1><script>alert("<p>no</p>")</script>
<p>One&nbsp;&lt;b&gt; <b>bold</b>
line<br>next</p><ul><li>first<li>second</ul><p hidden>unseen</p><div style="display: none">unseen</div>
<h2>Table</h2><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
<pre>x = 1
  y</pre><img src=x onerror=alert(1) alt="a drawing"><p>so <math><mi>x</mi><annotation encoding="application/x-tex">x^2
</annotation></math> is <math><mi>y</mi><mo>=</mo><mn>2</mn></math></p></body></html>"""
    assert read(page, "html") == [
        ("One <b> bold line\nnext", ("Fish & Chips",), False),
        ("- first", ("Fish & Chips",), False),
        ("- second", ("Fish & Chips",), False),
        ("a | b\n1 | 2", ("Fish & Chips", "Table"), True),
        ("x = 1\n  y", ("Fish & Chips", "Table"), True),
        ("a drawing", ("Fish & Chips", "Table"), False),
        ("so $x^2$ is y=2", ("Fish & Chips", "Table"), False),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 20_000 + "kept" + "</p>" * 20_000,
        "</script></table></h1>kept<![CDATA[ <!x",
        "<table><tr><td>kept",
        "<p>kept<p><svg><script>lost</script></svg><a href='javascript:x'",
        "&#xD800;&#0;kept&#99999999999;&bogus;",
    ],
)
def test_hostile_html_is_text_and_nothing_else(page: str) -> None:
    texts = [text for text, _, _ in read(page, "html")]
    assert "kept" in "".join(texts)
    assert "lost" not in "".join(texts)
    "".join(texts).encode()


def test_a_pdf_gives_its_pages_under_its_outline_without_running_titles() -> None:
    lines = [
        ["A Book", f"Chapter {n}", "The denomi-", f"nator of {n} is the", "lower number.", f"page {n}"] for n in (1, 2)
    ]
    more = [
        ["A Book", f"Text about {word}", f"and more of {word}", f"page {n}"]
        for n, word in ((3, "cats"), (4, "dogs"), (5, "us"))
    ]
    content = outlined(pdf([*lines, *more]), [("Part I", 0), ("Chapter 2", 1)])
    blocks = blocks_of(content, "pdf")
    assert blocks[0] == Block("Chapter 1\nThe denominator of 1 is the lower number.", ("Part I",), page=1)
    assert blocks[1] == Block("The denominator of 2 is the lower number.", ("Part I", "Chapter 2"), page=2)
    assert blocks[2] == Block("Text about cats and more of cats", ("Part I", "Chapter 2"), page=3)


def test_a_pdf_that_everybody_may_read_is_read_and_one_with_a_password_is_not() -> None:
    content = pdf([["Some text"]])
    assert blocks_of(locked(content, ""), "pdf") == blocks_of(content, "pdf")
    with pytest.raises(Unreadable, match="password"):
        blocks_of(locked(content, "secret"), "pdf")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b"%PDF-1.7\nnothing", "damaged"),
        (b"PK\x03\x04", "damaged"),
        (pdf([["x"]])[:300], "damaged"),
        (pdf([[], []]), "OCR"),
        (written([]), "OCR"),
        (pdf([["x"]] * (MOST_PAGES + 1)), "2,000 pages"),
    ],
)
def test_what_no_text_can_be_had_from_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        blocks_of(content, "pdf")


def test_a_damaged_pdf_never_does_anything_else() -> None:
    whole = outlined(pdf([["Some text", "to be damaged"]] * 3), [("One", 0), ("Two", 2)])
    for at in range(0, len(whole), 7):
        with suppress(Unreadable):
            assert blocks_of(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :], "pdf")


def test_text_is_utf_8_and_has_a_limit() -> None:
    assert read("\ufeffone\r\n \r\ntwo\x00\r", "text") == [("one", (), False), ("two", (), False)]
    with pytest.raises(Unreadable, match="UTF-8"):
        blocks_of("é".encode("latin-1"), "text")
    with pytest.raises(Unreadable, match="no text"):
        blocks_of(b" \n ", "text")
    with pytest.raises(Unreadable, match="2,000,000 characters"):
        blocks_of(b"x" * (MOST_CHARACTERS + 1), "text")
    with pytest.raises(Unreadable, match="paragraphs"):
        blocks_of(b"x\n\n" * 100_001, "text")


def test_what_the_process_says_comes_back_as_it_was() -> None:
    content = b"# A \xe2\x80\xa8 B\n\ntext\n\n```\ncode\n```"
    assert list(understood(answer(content, "markdown"))) == blocks_of(content, "markdown")
    with pytest.raises(Unreadable, match="no text"):
        list(understood(answer(b"", "markdown")))
