"""Expressions: what each grammar takes, what all of them refuse, and that text and value are the same thing."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.metrics.expressions import (
    FUNCTIONS,
    Binary,
    Call,
    Expression,
    In,
    IsNull,
    Literal,
    Name,
    Unary,
    names,
    parse_condition,
    parse_formula,
    parse_number,
    text,
)
from factbook.metrics.expressions.dialect import MAX_NESTING
from factbook.metrics.expressions.nodes import walk

Parse = Callable[[str], Expression]
PARSERS: tuple[Parse, ...] = (parse_condition, parse_number, parse_formula)


def refused(parse: Parse, given_: str) -> FactbookError:
    with pytest.raises(FactbookError) as raised:
        parse(given_)
    assert raised.value.kind is Kind.INVALID
    assert raised.value.field
    return raised.value


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ("status != 'test'", Binary("!=", Name("status"), Literal("test"))),
        ("status <> 'it''s'", Binary("!=", Name("status"), Literal("it's"))),
        ("address.city = 'Ulm'", Binary("=", Name("address.city"), Literal("Ulm"))),
        ("property.country is null", IsNull(Name("property.country"))),
        ("plan IS NOT NULL", Unary("not", IsNull(Name("plan")))),
        ("is_bot", Binary("=", Name("is_bot"), Literal(True))),
        ("not paid = false", Unary("not", Binary("=", Name("paid"), Literal(False)))),
        ("a in (1, -2.5, 'x')", In(Name("a"), (Literal(1.0), Literal(-2.5), Literal("x")))),
        ("a not in (1)", Unary("not", In(Name("a"), (Literal(1.0),)))),
        ("contains(url, '/blog/')", Call("contains", (Name("url"), Literal("/blog/")))),
        ('"basket-size" > 2', Binary(">", Name("basket-size"), Literal(2.0))),
        ("end > left", Binary(">", Name("end"), Name("left"))),
        ("price * quantity >= 10", Binary(">=", Binary("*", Name("price"), Name("quantity")), Literal(10.0))),
    ],
)
def test_a_condition_reads_as_what_it_says(given_: str, meant: Expression) -> None:
    assert parse_condition(given_) == meant


def test_between_is_two_comparisons() -> None:
    assert parse_condition("score between 0 and 10") == parse_condition("score >= 0 and score <= 10")


def test_a_chain_leans_to_the_left_however_it_is_bracketed() -> None:
    assert parse_condition("a = 1 and (b = 2 and c = 3)") == parse_condition("a = 1 and b = 2 and c = 3")
    assert text(parse_condition("(a = 1 and b = 2) and c = 3")) == "a = 1 and b = 2 and c = 3"


def test_and_binds_more_than_or() -> None:
    assert parse_condition("a = 1 or b = 2 and c = 3") == parse_condition("a = 1 or (b = 2 and c = 3)")
    assert parse_condition("(a = 1 or b = 2) and c = 3") != parse_condition("a = 1 or b = 2 and c = 3")


def test_minus_and_over_bind_to_the_left() -> None:
    assert parse_formula("a - b - c") == parse_formula("(a - b) - c") != parse_formula("a - (b - c)")
    assert parse_formula("a / b / c") == parse_formula("(a / b) / c") != parse_formula("a / (b / c)")


def test_two_minuses_are_no_comment() -> None:
    assert parse_number("a--b") == Binary("-", Name("a"), Unary("-", Name("b")))


def test_true_is_not_1() -> None:
    assert parse_condition("paid = true") != parse_condition("paid = 1")
    assert len({Literal(True), Literal(1.0), Literal("1")}) == 3


def test_a_formula_calls_functions_of_metrics() -> None:
    assert parse_formula("coalesce(revenue, 0) / days()") == Binary(
        "/", Call("coalesce", (Name("revenue"), Literal(0.0))), Call("days", ())
    )
    assert parse_formula("previous(order.placed.price)") == Call("previous", (Name("order.placed.price"),))


def test_names_are_all_names() -> None:
    assert names(parse_formula("(a + b.c) / greatest(previous(d), 1)")) == {"a", "b.c", "d"}
    assert names(parse_condition("a = 1 and not b in (2) or contains(c, 'x') and d is null")) == {"a", "b", "c", "d"}


HOSTILE = [
    "",
    "   ",
    ";",
    "a; b",
    "a;",
    "a b",
    "a, b",
    "(a, b)",
    "()",
    "*",
    "a.*",
    "?",
    ":a",
    "@a",
    "{a}",
    "{{ a }}",
    "a[1]",
    "a::int",
    "cast(a as int)",
    "select 1",
    "(select 1)",
    "a in (select 1)",
    "a in (b)",
    "a in ()",
    "exists(a)",
    "case when a then 1 end",
    "a /* b */",
    "a || b",
    "a % b",
    "a & b",
    "~a",
    "a at time zone b",
    "f(a) over ()",
    "x -> x",
    "sleep(10)",
    "file('/etc/passwd')",
    "url('http://localhost')",
    "a.b()",
    "N'a'",
    "'a' 'b'",
    "'a",
    '"a',
    '""',
    "0x1f",
    "1_000",
    "1e999",
    "a.1",
    "null",
    "true.a = 1",
    "a = null",
    "a is true",
    "a\0b = 'c\0",
]


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("given_", HOSTILE)
def test_what_is_not_allowed_is_refused(parse: Parse, given_: str) -> None:
    refused(parse, given_)


@pytest.mark.parametrize(
    ("parse", "given_", "says"),
    [
        (parse_condition, "1 = 1", "names no column"),
        (parse_condition, "a", ""),
        (parse_condition, "a + b", "+"),
        (parse_condition, "(a = 1) = 2", "="),
        (parse_condition, "'a' + 1 = b", "'a'"),
        (parse_condition, "a < true", "no order"),
        (parse_condition, "a + 1 = 'x'", "compared with a column"),
        (parse_condition, "a in (true)", "no list"),
        (parse_condition, "a * 2 in ('x')", "looked for"),
        (parse_condition, "contains(a, b)", "contains()"),
        (parse_condition, "contains(a + 1, 'b')", "contains()"),
        (parse_condition, "previous(a) = 1", "previous()"),
        (parse_number, "a = 1", "="),
        (parse_number, "1 + 2", "names no property"),
        (parse_number, "abs(a)", "abs()"),
        (parse_number, "'a'", "'a'"),
        (parse_formula, "a = 1", "="),
        (parse_formula, "a and b", "and"),
        (parse_formula, "previous(a + b)", "id of a metric"),
        (parse_formula, "opening(1)", "id of a metric"),
        (parse_formula, "coalesce(a)", "2 to 10"),
        (parse_formula, "days(a)", "takes 0"),
        (parse_formula, "median(a)", "median()"),
    ],
)
def test_a_refusal_says_what_is_wrong(parse: Parse, given_: str, says: str) -> None:
    if not says:
        assert parse(given_) == Binary("=", Name("a"), Literal(True))
        return
    assert says in refused(parse, given_).message


def test_a_refusal_names_the_field_it_was_given() -> None:
    with pytest.raises(FactbookError) as raised:
        parse_condition("a b", field="metrics.0.where")
    assert raised.value.field == "metrics.0.where"


@pytest.mark.parametrize("opening", ["(", "not ", "-", "f(", "abs(", "[", "{", "a in (", "~"])
@pytest.mark.parametrize("times", [MAX_NESTING + 1, 300])
@pytest.mark.parametrize("parse", PARSERS)
def test_deep_nesting_is_refused(parse: Parse, opening: str, times: int) -> None:
    closing = ")" if "(" in opening else {"[": "]", "{": "}"}.get(opening, "")
    refused(parse, opening * times + "a" + closing * times)


def test_a_long_chain_and_a_long_text_are_refused() -> None:
    refused(parse_formula, " + ".join("a" * 60))
    refused(parse_formula, "a" * 2001)
    assert parse_formula(" + ".join("a" * 49))


names_ = st.one_of(
    st.sampled_from(["a", "revenue", "address.city", "end", "date", "a.true", "and", "NULL", "order.placed.x"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8),
)
numbers = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value != 0) | st.just(0.0)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = names_.map(Name)


def arithmetic(leaf: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def negated(operand: Expression) -> Expression:
        match operand:
            case Literal(float() as value):
                return Literal(-value)
        return Unary("-", operand)

    return st.recursive(
        leaf | numbers.map(Literal),
        lambda below: st.builds(Binary, st.sampled_from("+-*/"), below, below) | below.map(negated),
        max_leaves=6,
    )


def chained(operator: str, left: Expression, right: Expression) -> Expression:
    """As the parser builds it: leaning to the left."""
    if isinstance(right, Binary) and right.operator == operator:
        return Binary(operator, chained(operator, left, right.left), right.right)
    return Binary(operator, left, right)


property_numbers = arithmetic(leaves).filter(lambda found: bool(names(found)))
comparisons = st.one_of(
    st.builds(Binary, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), property_numbers, property_numbers),
    st.builds(Binary, st.sampled_from(["=", "!=", "<"]), leaves, texts.map(Literal)),
    st.builds(Binary, st.sampled_from(["=", "!="]), leaves, st.booleans().map(Literal)),
    st.builds(In, leaves, st.lists((texts | numbers).map(Literal), min_size=1, max_size=3).map(tuple)),
    st.builds(IsNull, property_numbers),
    st.builds(Call, st.just("contains"), st.tuples(leaves, texts.map(Literal))),
)
conditions = st.recursive(
    comparisons,
    lambda below: (
        st.builds(chained, st.sampled_from(["and", "or"]), below, below)
        | below.map(lambda operand: Unary("not", operand))
    ),
    max_leaves=5,
)
formulas = arithmetic(
    st.one_of(
        leaves,
        st.builds(Call, st.sampled_from(["previous", "opening"]), st.tuples(leaves)),
        st.builds(Call, st.sampled_from(["coalesce", "least", "greatest"]), st.tuples(leaves, arithmetic(leaves))),
        st.builds(Call, st.sampled_from(["abs", "sqrt"]), st.tuples(arithmetic(leaves))),
        st.just(Call("days", ())),
    )
)


@given(conditions)
def test_a_condition_survives_its_text(meant: Expression) -> None:
    assert parse_condition(text(meant)) == meant


@given(property_numbers)
def test_a_number_survives_its_text(meant: Expression) -> None:
    assert parse_number(text(meant)) == meant


@given(formulas)
def test_a_formula_survives_its_text(meant: Expression) -> None:
    assert parse_formula(text(meant)) == meant


WORDS = [
    *"abc()+-*/=<>,.;'\"[]{}!%&|~?@:$#\\\n\0",
    *["and", "or", "not", "in", "is", "null", "between", "true", "select", "from", "case", "when", "then", "end", "as"],
    *["contains", *FUNCTIONS, "1", "2.5", "1e400", "'x'", '"y"', "<=", "<>", "::", "->", "--", "/*", "*/", "{{", "a.b"],
]
scrambled = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(string.printable, max_size=40)


@settings(max_examples=400)
@given(scrambled | st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(given_: str) -> None:
    for parse in PARSERS:
        try:
            found = parse(given_)
        except FactbookError:
            continue
        assert parse(text(found)) == found
        assert all(is_allowed(part) for part in walk(found))


def is_allowed(part: Expression) -> bool:
    match part:
        case Call(name):
            return name in {*FUNCTIONS, "contains"}
        case Binary(operator):
            return operator in {*"+-*/=<>", "!=", "<=", ">=", "and", "or"}
        case Unary(operator):
            return operator in ("not", "-")
    return True
