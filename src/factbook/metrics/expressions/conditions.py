"""The grammar of conditions: comparisons of columns and properties, joined by and, or, not."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from factbook.core.errors import invalid

from .arithmetic import number
from .leaves import literal, name, refused
from .nodes import Binary, Call, Expression, In, IsNull, Literal, Name, Unary, names

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
            return _joined(operator, condition(node.left, field), condition(node.right, field))
        case exp.Not():
            return Unary("not", condition(node.this, field))
        case exp.Column() | exp.Dot():
            return Binary("=", name(node, field, CONDITIONS), Literal(True))
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _comparison(_COMPARISONS[type(node)], _value(node.left, field), _value(node.right, field), field)
        case exp.Between():
            tested = _value(node.this, field)
            low, high = _value(node.args["low"], field), _value(node.args["high"], field)
            return _joined("and", _comparison(">=", tested, low, field), _comparison("<=", tested, high, field))
        case exp.In() if node.expressions:
            return _among(
                _value(node.this, field), [literal(one, field, CONDITIONS) for one in node.expressions], field
            )
        case exp.Is() if isinstance(node.expression, exp.Null):
            return _about_the_event(IsNull(_value(node.this, field)), field)
        case exp.Anonymous() if str(node.this).lower() == "contains":
            return _contains(node, field)
    raise refused(node, field, CONDITIONS)


def _joined(operator: str, left: Expression, right: Expression) -> Expression:
    """`and` and `or` are chains that lean to the left, however they were bracketed."""
    match right:
        case Binary(same, first, second) if same == operator:
            return Binary(operator, _joined(operator, left, first), second)
    return Binary(operator, left, right)


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
    for one, other in ((left, right), (right, left)):
        match one:
            case Literal(bool()) if operator in _ORDERING:
                raise invalid(f"true and false have no order for {operator}.", field=field, hint="Use = or !=.")
            case Literal(bool() | str()) if not isinstance(other, Name):
                raise invalid("Text, true and false are compared with a column or property.", field=field)
    return _about_the_event(Binary(operator, left, right), field)


def _among(tested: Expression, values: list[Literal], field: str) -> Expression:
    if any(isinstance(one.value, bool) for one in values):
        raise invalid("true and false are no list.", field=field, hint="Use = true or = false.")
    if any(isinstance(one.value, str) for one in values) and not isinstance(tested, Name):
        raise invalid("Text is looked for in a column or property.", field=field)
    return _about_the_event(In(tested, tuple(values)), field)


def _contains(node: exp.Anonymous, field: str) -> Expression:
    arguments = tuple(_value(one, field) for one in node.expressions)
    match arguments:
        case (Name(), Literal(str())):
            return Call("contains", arguments)
    raise invalid("contains() takes a field and a text.", field=field, hint="For example contains(url, '/blog/').")


def _about_the_event(test: Expression, field: str) -> Expression:
    if not names(test):
        raise invalid("A comparison names no column or property.", field=field, hint=CONDITIONS)
    return test
