"""Reads formulas that learners write: a bounded recursive descent into trees.

Nothing a learner writes is run as code. What a tree cannot hold is not a formula: names, functions, comparisons,
roots, powers of powers, what can be read in two ways, and whatever is over a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.providers.offline.tree import Neg, Node, Num, Op, Pow, Sym, TooLarge, check_size, symbols

MOST_CHARACTERS = 200
_MOST_TOKENS = 80
_MOST_DIGITS = 12
_MOST_NESTING = 12
_LARGEST_EXPONENT = 12
_MOST_SYMBOLS = 3


class NotAFormula(ValueError):
    """The text is something else, is ambiguous, or is over a limit."""


class Token(NamedTuple):
    """A piece of a formula: `number`, `letter`, `op` (a sign or bracket) or `equals`; `glued`: no space before it."""

    kind: str
    text: str
    glued: bool


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and how it was written."""

    source: str
    node: Node


@dataclass(frozen=True, slots=True)
class Equation:
    """Two formulas that are held to be equal."""

    left: Formula
    right: Formula

    @property
    def source(self) -> str:
        """How it was written."""
        return f"{self.left.source} = {self.right.source}"

    @property
    def symbols(self) -> frozenset[str]:
        """The unknowns of both sides."""
        return symbols(self.left.node) | symbols(self.right.node)

    @property
    def isolated(self) -> Formula | None:
        """The side beside a lone unknown, if it is a number."""
        for this, other in ((self.left, self.right), (self.right, self.left)):
            if isinstance(this.node, Sym) and not symbols(other.node):
                return other
        return None


def parse(tokens: Sequence[Token]) -> Node:
    """The tree of an expression; raises `NotAFormula`.

    >>> parse([Token("number", "2", False), Token("letter", "x", True)])
    Op(sign='*', left=Num(value=Fraction(2, 1)), right=Sym(name='x'))
    """
    if not 0 < len(tokens) <= _MOST_TOKENS:
        raise NotAFormula("empty, or too long")
    reader = _Reader(tokens)
    node = reader.sum(0)
    if reader.at is not None or len(symbols(node)) > _MOST_SYMBOLS:
        raise NotAFormula("something is left over, or too many unknowns")
    try:
        check_size(node)
    except TooLarge as error:
        raise NotAFormula("too large") from error
    return node


class _Reader:
    """Recursive descent: sum, product, sign, power, atom."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._i = tokens, 0

    @property
    def at(self) -> Token | None:
        """The token that is read next."""
        return self._tokens[self._i] if self._i < len(self._tokens) else None

    def sum(self, depth: int) -> Node:
        """Products, added and subtracted."""
        if depth > _MOST_NESTING:
            raise NotAFormula("nested too deeply")
        node = self._product(depth)
        while sign := self._take("+", "-"):
            node = Op("+" if sign == "+" else "-", node, self._product(depth))
        return node

    def _product(self, depth: int) -> Node:
        node, divided = self._signed(depth), False
        while True:
            if sign := self._take("*", "/"):
                divided = sign == "/"
                node = Op("*" if sign == "*" else "/", node, self._signed(depth))
            elif self._factor_follows():
                # 1/2x: one half of x for some, one over 2x for others.
                if divided:
                    raise NotAFormula("ambiguous")
                node = Op("*", node, self._power(depth))
            else:
                return node

    def _signed(self, depth: int) -> Node:
        if not self._take("-"):
            return self._power(depth)
        if depth > _MOST_NESTING:
            raise NotAFormula("nested too deeply")
        return Neg(self._signed(depth + 1))

    def _power(self, depth: int) -> Node:
        base = self._atom(depth)
        if not self._take("^"):
            return base
        exponent = self._exponent()
        # 2^3^2 is read in two ways, and x^1/2 is written for a root.
        if self.at is not None and (self.at.text == "^" or (self.at.text == "/" and exponent == 1)):
            raise NotAFormula("ambiguous")
        return Pow(base, exponent)

    def _exponent(self) -> int:
        bracket, minus = self._take("("), self._take("-")
        number = self._next("number")
        if bracket and not self._take(")"):
            raise NotAFormula("a power that is not a whole number")
        if not number.isdecimal() or len(number) > 2 or int(number) > _LARGEST_EXPONENT:
            raise NotAFormula("a power that is too large or not a whole number")
        return -int(number) if minus else int(number)

    def _atom(self, depth: int) -> Node:
        if self._take("("):
            node = self.sum(depth + 1)
            if not self._take(")"):
                raise NotAFormula("a bracket that is not closed")
            return node
        if self.at is not None and self.at.kind == "letter":
            return self._symbol()
        return Num(_number(self._next("number")))

    def _symbol(self) -> Node:
        name = self._next("letter")
        # f(x) is a function, not f times x.
        if name in "fgh" and self.at is not None and self.at.text == "(":
            raise NotAFormula("a function")
        return Sym(name)

    def _factor_follows(self) -> bool:
        return self.at is not None and (self.at.kind == "letter" or self.at.text == "(")

    def _take(self, *texts: str) -> str | None:
        if self.at is None or self.at.kind != "op" or self.at.text not in texts:
            return None
        self._i += 1
        return self._tokens[self._i - 1].text

    def _next(self, kind: str) -> str:
        if self.at is None or self.at.kind != kind:
            raise NotAFormula(f"no {kind} where one belongs")
        self._i += 1
        return self._tokens[self._i - 1].text


def _number(text: str) -> Fraction:
    """A decimal number with a point or a comma; one that could have a thousands separator is refused."""
    whole, _, decimals = text.replace(",", ".").partition(".")
    thousands = len(decimals) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    if "." in decimals or thousands or len(whole) + len(decimals) > _MOST_DIGITS:
        raise NotAFormula("not one number, or one with too many digits")
    return Fraction(f"{whole or 0}.{decimals or 0}")
