"""The ends of sqlglot's tree: names and literals, and the refusal of whatever is not allowed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from factbook.core.errors import FactbookError, invalid
from factbook.events.filters import number as finite

from .nodes import Literal, Name


def name(node: exp.Expr, field: str, hint: str) -> Name:
    """`a`, `a.b.c`, `"any text"` as one name."""
    parts: list[str] = []
    while isinstance(node, exp.Dot):
        parts.append(_part(node.expression, field, hint))
        node = node.this
    if not isinstance(node, exp.Column):
        raise refused(node, field, hint)
    parts.extend(_part(part, field, hint) for part in reversed(node.parts))
    return Name(".".join(reversed(parts)))


def _part(node: exp.Expr, field: str, hint: str) -> str:
    if not isinstance(node, exp.Identifier) or not node.this or "\0" in node.this:
        raise invalid("A name has a part that is none.", field=field, hint='Quote it: "items.0.price".')
    return str(node.this)


def literal(node: exp.Expr, field: str, hint: str) -> Literal:
    """A text, true, false or a finite number with its sign."""
    match node:
        case exp.Paren():
            return literal(node.this, field, hint)
        case exp.Boolean():
            return Literal(bool(node.this))
        case exp.Literal() if node.is_string:
            return Literal(str(node.this))
        case exp.Literal():
            value = finite(str(node.this))
            if value is None:
                raise invalid(f"{str(node.this)[:40]} is not a finite number.", field=field)
            return Literal(value)
        case exp.Neg():
            match literal(node.this, field, hint):
                case Literal(float() as positive):
                    return Literal(-positive)
    raise refused(node, field, hint)


def refused(node: exp.Expr, field: str, hint: str) -> FactbookError:
    """INVALID that says what stands where it may not."""
    match node:
        case exp.Anonymous():
            what = f"{str(node.this)[:40]}()"
        case exp.Null():
            what = "null"
        case exp.Literal() | exp.Boolean():
            what = f"the value {str(node.this)[:40]!r}"
        case exp.Identifier():
            what = f"the name {str(node.this)[:40]!r}"
        case _:
            what = _WORDS.get(type(node), type(node).__name__.lower())
    return invalid(f"The expression may not hold {what} there.", field=field, hint=hint)


_WORDS: Mapping[type[exp.Expr], str] = {
    exp.Alias: "two things side by side",
    exp.Tuple: "a list",
    exp.Star: "*",
    exp.Column: "a name",
    exp.And: "and",
    exp.Or: "or",
    exp.Not: "not",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Neg: "-",
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
