"""The words of the expression language as a dialect of sqlglot: a handful of keywords, no built-in functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError

from factbook.core.errors import FactbookError, invalid

MAX_LENGTH = 2000
MAX_NESTING = 20

KEYWORDS = {
    "AND": TokenType.AND,
    "OR": TokenType.OR,
    "NOT": TokenType.NOT,
    "IN": TokenType.IN,
    "IS": TokenType.IS,
    "NULL": TokenType.NULL,
    "BETWEEN": TokenType.BETWEEN,
    "TRUE": TokenType.TRUE,
    "FALSE": TokenType.FALSE,
}
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_PREFIX = {TokenType.NOT, TokenType.DASH, TokenType.TILDE}


class Words(sqlglot.Dialect):
    """Whatever is no keyword here is a name, so that properties may be called `date`, `left` or `end`."""

    class Tokenizer(sqlglot.Tokenizer):
        KEYWORDS = {
            **KEYWORDS,
            "<>": TokenType.NEQ,
            "!=": TokenType.NEQ,
            "<=": TokenType.LTE,
            ">=": TokenType.GTE,
        }
        COMMENTS: ClassVar[list[str | tuple[str, str]]] = []
        IDENTIFIERS = ['"']

    class Parser(sqlglot.Parser):
        FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {}


def tree(text: str, field: str) -> exp.Expr:
    """The one statement of `text` as sqlglot's tree, which holds more than is allowed. INVALID naming `field`."""
    if len(text) > MAX_LENGTH:
        raise invalid(f"The expression is longer than {MAX_LENGTH:,} characters.", field=field)
    dialect = Words()
    try:
        tokens = dialect.tokenize(text)
        if _nesting(token.token_type for token in tokens) > MAX_NESTING:
            raise _too_deep(field)
        found = dialect.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, text)
    except (ParseError, TokenError) as error:
        raise invalid(f"{text[:80]!r} is not an expression{_place(error)}.", field=field) from None
    except RecursionError:
        raise _too_deep(field) from None
    if len(found) != 1 or found[0] is None or any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise invalid(f"{text[:80]!r} is not one expression.", field=field)
    return found[0]


def _nesting(kinds: Iterable[TokenType]) -> int:
    """The most brackets and prefixes that stand open at once."""
    deepest = open_ = prefixes = 0
    for kind in kinds:
        prefixes = prefixes + 1 if kind in _PREFIX else 0
        open_ += (kind in _OPENING) - (kind in _CLOSING)
        deepest = max(deepest, open_ + prefixes)
    return deepest


def _place(error: ParseError | TokenError) -> str:
    """Where it stopped being one: sqlglot tells the token it stumbled over."""
    found = error.errors[0].get("highlight") if isinstance(error, ParseError) and error.errors else None
    return f" (stopped at {found!r})" if found else ""


def _too_deep(field: str) -> FactbookError:
    return invalid(f"The expression is nested more than {MAX_NESTING} deep.", field=field)
