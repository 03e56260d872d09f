"""Blocks are cut where their structure allows it, into pieces that can be quoted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.context.tokens import o200k
from app.courses.blocks import Block
from app.courses.extract import blocks_of
from app.courses.pieces import LEAST, MOST, cut

count = o200k().count
SENTENCE = "The sum of two fractions with the same denominator keeps that denominator. "


def test_short_paragraphs_of_a_section_stand_together_and_long_ones_are_cut_between_sentences() -> None:
    pieces = cut([Block(SENTENCE.strip(), ("A",))] * 6 + [Block((SENTENCE * 40).strip(), ("B",))], count)
    sizes = [count(piece.text) for piece in pieces]
    assert pieces[0].heading == ("A",)
    assert all(LEAST <= size <= MOST for size in sizes)
    assert all(piece.text.endswith(".") for piece in pieces)
    assert max(sizes[1:]) - min(sizes[1:]) <= 2 * count(SENTENCE)


def test_small_sections_of_a_chapter_are_joined_and_keep_their_headings() -> None:
    glossary = [Block("The upper number.", ("Words", "Numerator")), Block("The lower one.", ("Words", "Denominator"))]
    (piece,) = cut(glossary, count)
    assert piece.heading == ("Words",)
    assert piece.text == "Numerator\n\nThe upper number.\n\nDenominator\n\nThe lower one."
    apart = cut([Block("One.", ("A",)), Block("Two.", ("B",))], count)
    assert [piece.heading for piece in apart] == [("A",), ("B",)]


def test_long_headings_at_many_levels_take_little_more_room_than_they_have_in_the_text() -> None:
    text = "\n\n".join(f"{'#' * (1 + n % 6)} {'t' * 150} {n}\n\nx{n}" for n in range(600))
    pieces = cut(blocks_of(text.encode(), "markdown"), count)
    assert max(len("".join(piece.heading)) for piece in pieces) <= 200
    assert sum(len(piece.text) + len("".join(piece.heading)) for piece in pieces) < 1.2 * len(text)
    assert all(f"{n}\n\nx{n}" in "".join(f"{p.heading[-1]}\n\n{p.text}\n\n" for p in pieces) for n in range(1, 6))
    (piece,) = cut([Block("One.", ("A", "B" * 190, "C" * 190)), Block("Two.", ("A", "B" * 190, "C" * 190))], count)
    assert [len(title) for title in piece.heading] == [1, 66, 66]


def test_code_tables_and_formulas_stay_whole() -> None:
    code = "```\n" + "".join(f"value_{n} = compute({n}) + {n}\n" for n in range(40)) + "```"
    assert MOST < count(code) < 800
    pieces = cut([Block(SENTENCE), Block(code, whole=True), Block(SENTENCE)], count)
    assert sum(code in piece.text for piece in pieces) == 1


def test_a_long_table_is_cut_between_rows_and_each_part_has_its_head() -> None:
    head = "| number | square |\n|---|---|\n"
    rows = [f"| {n} | {n * n} |" for n in range(300)]
    pieces = cut([Block(head + "\n".join(rows), whole=True)], count)
    assert len(pieces) > 1
    assert all(piece.text.startswith(head) for piece in pieces)
    assert [row for piece in pieces for row in piece.text.split("\n")[2:]] == rows


def test_no_cut_goes_through_a_formula() -> None:
    text = " ".join(f"Then $x_{n} = 3. + {n}$ holds, and `f. {n}` too." for n in range(60))
    for piece in cut([Block(text)], count):
        assert piece.text.count("$") % 2 == 0
        assert piece.text.count("`") % 2 == 0


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000))
def test_whatever_the_text_no_word_is_lost_or_added(text: str) -> None:
    blocks = [Block(part.strip()) for part in text.split("\n\n") if part.strip()]
    said = "".join("".join(piece.text for piece in cut(blocks, count)).split())
    assert said == "".join("".join(block.text for block in blocks).split())


def test_text_without_a_space_is_cut_all_the_same() -> None:
    pieces = cut(blocks_of(b"ab" * 25_000, "text"), count)
    assert "".join(piece.text for piece in pieces) == "ab" * 25_000
    assert all(count(piece.text) <= 2 * MOST for piece in pieces)
