"""From text to an expression: the three ways to read one, and how large it may be."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from factbook.core.errors import invalid

from .arithmetic import NUMBERS, formula, number
from .conditions import condition
from .dialect import tree
from .nodes import Expression, depth, names

MAX_DEPTH = 50


def parse_condition(text: str, *, field: str = "where") -> Expression:
    """What must hold of an event, over its columns and properties. INVALID naming `field`."""
    return _read(text, condition, field)


def parse_number(text: str, *, field: str = "measure") -> Expression:
    """Arithmetic over numeric properties. INVALID naming `field`."""
    found = _read(text, number, field)
    if not names(found):
        raise invalid(f"{text[:80]!r} names no property.", field=field, hint=NUMBERS)
    return found


def parse_formula(text: str, *, field: str = "formula") -> Expression:
    """Arithmetic and functions over metrics. INVALID naming `field`."""
    return _read(text, formula, field)


def _read(text: str, grammar: Callable[[exp.Expr, str], Expression], field: str) -> Expression:
    found = grammar(tree(text, field), field)
    if depth(found) > MAX_DEPTH:
        raise invalid(f"The expression has more than {MAX_DEPTH} levels.", field=field, hint="Shorten it, or use `in`.")
    return found
