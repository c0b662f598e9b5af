"""The parts of an expression: names, literals, operators, calls. Frozen; equal when they say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A column, a property (dots are part of it) or, in a formula, a metric."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    value: float | str | bool

    def __eq__(self, other: object) -> bool:
        """1 and true are equal in Python, not here."""
        return isinstance(other, Literal) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Unary:
    """operator: `not` or `-`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """operator: `+ - * / = != < <= > >= and or`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class In:
    operand: Expression
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    operand: Expression


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


Expression = Name | Literal | Unary | Binary | In | IsNull | Call


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions right below this one."""
    match expression:
        case Unary(_, operand) | IsNull(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case In(operand, values):
            return (operand, *values)
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it."""
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(parts(found))


def names(expression: Expression) -> set[str]:
    """Every name in it."""
    return {found.name for found in walk(expression) if isinstance(found, Name)}


def depth(expression: Expression) -> int:
    """Levels from here to the deepest part: 1 for a name."""
    levels, layer = 0, [expression]
    while layer:
        levels += 1
        layer = [below for found in layer for below in parts(found)]
    return levels
