"""Formulas as trees: what is in one, how large it can get, what it comes to. Plain and exact."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

_LARGEST_DEGREES = (8, 3)
"""Of numerator and denominator once a formula is written as one fraction: it bounds the work of any later step."""
_LARGEST_IN_SEVERAL = (6, 3)
"""The same for a formula in several unknowns, which has many more terms."""
_MOST_BITS = 256
"""Of any number that can come out of a formula whose symbols are 1 or -1, before anything cancels."""

Sign = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Num:
    """A number as it was written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Sym:
    """An unknown: one letter."""

    name: str


@dataclass(frozen=True, slots=True)
class Neg:
    """The negative of a part."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Op:
    """Two parts and what joins them."""

    sign: Sign
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Pow:
    """A part to a whole number."""

    base: "Node"
    exponent: int


Node = Num | Sym | Neg | Op | Pow


class _Size(NamedTuple):
    """Degrees of numerator and denominator as one fraction, and the bits of its largest number."""

    top: int
    bottom: int
    bits: int


class TooLarge(ValueError):
    """Working with the formula could take too long."""


def check_size(node: Node) -> None:
    """Raises `TooLarge` for a tree over the limits on degrees and numbers, before anything is worked out."""
    _size(node, _LARGEST_IN_SEVERAL if len(symbols(node)) > 1 else _LARGEST_DEGREES)


def _size(node: Node, most: tuple[int, int]) -> _Size:
    size = _size_of(node, most)
    if size.top > most[0] or size.bottom > most[1] or size.bits > _MOST_BITS:
        raise TooLarge
    return size


def _size_of(node: Node, most: tuple[int, int]) -> _Size:
    match node:
        case Num(value):
            return _Size(0, 0, max(value.numerator.bit_length(), value.denominator.bit_length()))
        case Sym():
            return _Size(1, 0, 1)
        case Neg(part):
            return _size(part, most)
        case Pow(base, exponent):
            b, e = _size(base, most), abs(exponent)
            top, bottom = (b.top, b.bottom) if exponent >= 0 else (b.bottom, b.top)
            return _Size(top * e, bottom * e, (b.bits + 1) * e)
        case Op(sign, left, right):
            return _joined(sign, _size(left, most), _size(right, most))


def _joined(sign: Sign, a: _Size, b: _Size) -> _Size:
    bits = a.bits + b.bits + 1
    if sign == "*":
        return _Size(a.top + b.top, a.bottom + b.bottom, bits)
    if sign == "/":
        return _Size(a.top + b.bottom, a.bottom + b.top, bits)
    return _Size(max(a.top + b.bottom, b.top + a.bottom), a.bottom + b.bottom, bits)


def parts(node: Node) -> Iterator[Node]:
    """A tree and all trees within it."""
    yield node
    match node:
        case Neg(part):
            yield from parts(part)
        case Pow(base, _):
            yield from parts(base)
        case Op(_, left, right):
            yield from parts(left)
            yield from parts(right)


def symbols(node: Node) -> frozenset[str]:
    """The unknowns of a tree."""
    return frozenset(part.name for part in parts(node) if isinstance(part, Sym))


def divisors(node: Node) -> list[Node]:
    """All that a tree divides by."""
    under = [part.right for part in parts(node) if isinstance(part, Op) and part.sign == "/"]
    return under + [part.base for part in parts(node) if isinstance(part, Pow) and part.exponent < 0]


def evaluate(node: Node, values: Mapping[str, Fraction]) -> Fraction | None:
    """The exact value with these values for its unknowns; `None` where it divides by zero.

    >>> evaluate(Op("/", Num(Fraction(1)), Sym("x")), {"x": Fraction(2)})
    Fraction(1, 2)
    """
    try:
        return _value(node, values)
    except ZeroDivisionError:
        return None


def _value(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    match node:
        case Num(value):
            return value
        case Sym(name):
            return values[name]
        case Neg(part):
            return -_value(part, values)
        case Pow(base, exponent):
            return _value(base, values) ** exponent
        case Op(sign, left, right):
            return _operated(sign, _value(left, values), _value(right, values))


def _operated(sign: Sign, a: Fraction, b: Fraction) -> Fraction:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
