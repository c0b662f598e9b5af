"""The grammar of conditions: comparisons of columns and properties, joined by and, or, not."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from factbook.core.errors import invalid

from .arithmetic import number
from .leaves import literal, name, refused
from .nodes import Binary, Call, Expression, In, IsNull, Literal, Unary, names

CONDITIONS = "Use = != < <= > >=, and, or, not, in (…), between, is null and contains(field, 'text')."

_ORDERING = ("<", "<=", ">", ">=")
_COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


def condition(node: exp.Expr, field: str) -> Expression:
    """What is true or false of an event; a name alone means that it is true."""
    match node:
        case exp.Paren():
            return condition(node.this, field)
        case exp.And() | exp.Or():
            operator = "and" if isinstance(node, exp.And) else "or"
            return Binary(operator, condition(node.left, field), condition(node.right, field))
        case exp.Not():
            return Unary("not", condition(node.this, field))
        case exp.Column() | exp.Dot():
            return Binary("=", name(node, field, CONDITIONS), Literal(True))
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _comparison(_COMPARISONS[type(node)], _value(node.left, field), _value(node.right, field), field)
        case exp.Between():
            tested = _value(node.this, field)
            low, high = _value(node.args["low"], field), _value(node.args["high"], field)
            return Binary("and", _comparison(">=", tested, low, field), _comparison("<=", tested, high, field))
        case exp.In() if node.expressions:
            values = tuple(literal(one, field, CONDITIONS) for one in node.expressions)
            return _about_the_event(In(_value(node.this, field), values), field)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return _about_the_event(IsNull(_value(node.this, field)), field)
        case exp.Anonymous() if str(node.this).lower() == "contains":
            return _contains(node, field)
    raise refused(node, field, CONDITIONS)


def _value(node: exp.Expr, field: str) -> Expression:
    """One side of a comparison: a literal, or arithmetic."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Boolean) or (isinstance(node, exp.Literal) and node.is_string):
        return literal(node, field, CONDITIONS)
    if isinstance(node, exp.Null):
        raise invalid("Nothing equals null.", field=field, hint="Use `is null` or `is not null`.")
    return number(node, field, CONDITIONS)


def _comparison(operator: str, left: Expression, right: Expression, field: str) -> Expression:
    if operator in _ORDERING and any(isinstance(s, Literal) and isinstance(s.value, bool) for s in (left, right)):
        raise invalid(f"true and false have no order for {operator}.", field=field, hint="Use = or !=.")
    return _about_the_event(Binary(operator, left, right), field)


def _contains(node: exp.Anonymous, field: str) -> Expression:
    arguments = tuple(_value(one, field) for one in node.expressions)
    match arguments:
        case (tested, Literal(str())):
            return _about_the_event(Call("contains", (tested, arguments[1])), field)
    raise invalid("contains() takes a field and a text.", field=field, hint="For example contains(url, '/blog/').")


def _about_the_event(test: Expression, field: str) -> Expression:
    if not names(test):
        raise invalid("A comparison names no column or property.", field=field, hint=CONDITIONS)
    return test
