"""JSON Schemas of custom event types: which are taken, and checking properties against them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from factbook.core.errors import FactbookError, invalid

LARGEST = 64 * 1024
"""Bytes of a schema as JSON."""

MOST_PARTS = 5_000
"""Subschemas one check may visit once references are followed; more would make a small schema slow."""

DEEPEST = 32

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PATTERN_BYTES = 256 * 1024
_LONGEST_MESSAGE = 300

# Keywords of draft 2020-12 by what stands under them; any other word is a typo or an old draft's.
_ONE = (
    "additionalProperties",
    "propertyNames",
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
)
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAP = ("properties", "patternProperties", "dependentSchemas")
_PLAIN = (
    "$schema",
    "$comment",
    "$ref",
    "$defs",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "format",
    "contentEncoding",
    "contentMediaType",
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
)
_KEYWORDS = frozenset((*_ONE, *_LIST, *_MAP, *_PLAIN))

_PLAINLY = {
    "type": "A type is array, boolean, integer, null, number, object or string, or a list of these.",
    "pattern": "The pattern cannot be used: it is no regular expression, too large, or looks around or back.",
}


class Validator:
    """A compiled schema; `check` may be called from any thread."""

    __slots__ = ("_compiled",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """INVALID naming the place in the schema (`schema.properties.amount.type`) that cannot be taken."""
        _inspect(schema)
        try:
            self._compiled = jsonschema_rs.Draft202012Validator(
                dict(schema),
                validate_formats=True,
                offline=True,
                mask="the value",
                # Matches in linear time: no pattern of a schema can hold up ingest.
                pattern_options=jsonschema_rs.RegexOptions(
                    size_limit=_PATTERN_BYTES, dfa_size_limit=4 * _PATTERN_BYTES
                ),
            )
        except jsonschema_rs.ValidationError as error:
            place = error.instance_path
            message = _PLAINLY.get(str(place[-1]) if place else "", _sentence(error.message))
            raise _refused(place, message) from None
        except ValueError as error:
            raise _refused([], _sentence(str(error).splitlines()[0])) from None

    def check(self, properties: dict[str, Any]) -> tuple[str, str] | None:
        """(dotted path within the properties, message) of the first thing wrong; None when all is well.

        The message says what was expected and never repeats the value, which may be personal.
        """
        if self._compiled.is_valid(properties):
            return None
        error = next(self._compiled.iter_errors(properties))
        return ".".join(map(str, error.instance_path)), _sentence(error.message)


def _inspect(schema: Mapping[str, Any]) -> None:
    if not isinstance(schema, Mapping):
        raise _refused([], "A schema is a JSON object.")
    try:
        size = len(json.dumps(schema, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        raise _refused([], "The schema is not JSON, or nested too deeply.") from None
    if size > LARGEST:
        raise _refused([], f"The schema has {size} bytes; at most {LARGEST} are taken.")
    if schema.get("$schema", _DIALECT).rstrip("#") != _DIALECT if isinstance(schema.get("$schema", ""), str) else True:
        raise _refused(
            ["$schema"], "Schemas are read as draft 2020-12.", hint=f"Leave it out, or set it to {_DIALECT}."
        )
    if schema.get("type", "object") != "object":
        raise _refused(["type"], "Properties are an object, so the schema's type is `object`.")
    _parts(schema, schema, [], {}, 0)


def _parts(schema: Any, root: Mapping[str, Any], place: list[str], counted: dict[str, int], depth: int) -> int:
    """How many subschemas a check may visit, references followed. `counted`: reference → its number, 0 while open."""
    if depth > DEEPEST:
        raise _refused(place[:8], f"The schema is nested more than {DEEPEST} levels deep.")
    if not isinstance(schema, Mapping):
        return 1  # true and false; anything else is named by the compiler
    total = 1
    for word in schema:
        if word not in _KEYWORDS and not word.startswith("x-"):
            raise _unknown(word, place)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        total += _referenced(reference, root, [*place, "$ref"], counted, depth)
    for step, child in _children(schema):
        total += _parts(child, root, [*place, *step], counted, depth + 1)
        if total > MOST_PARTS:
            raise _refused(place, f"With its references followed the schema has more than {MOST_PARTS} parts.")
    for name, definition in _members(schema.get("$defs")):
        _parts(definition, root, [*place, "$defs", name], counted, depth + 1)
    return total


def _referenced(reference: str, root: Mapping[str, Any], place: list[str], counted: dict[str, int], depth: int) -> int:
    if not reference.startswith("#"):
        raise _refused(place, "Only references within the schema are followed.", hint="Use `#/$defs/NAME`.")
    if reference in counted:
        if not counted[reference]:
            raise _refused(place, "The schema refers to itself.", hint="Write out as many levels as events have.")
        return counted[reference]
    counted[reference] = 0
    counted[reference] = _parts(_target(reference, root, place), root, place, counted, depth + 1)
    return counted[reference]


def _target(reference: str, root: Mapping[str, Any], place: list[str]) -> Any:
    target: Any = root
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            raise _refused(place, f"There is no {reference[:80]} in the schema.")
        target = target[name]
    if reference != "#" and not reference.startswith("#/"):
        raise _refused(place, "References are written as `#/$defs/NAME`.")
    return target


def _children(schema: Mapping[str, Any]) -> Iterator[tuple[list[str], Any]]:
    for word in _ONE:
        if word in schema:
            yield [word], schema[word]
    for word in _LIST:
        if isinstance(schema.get(word), list):
            yield from (([word, str(index)], item) for index, item in enumerate(schema[word]))
    for word in _MAP:
        yield from (([word, name], item) for name, item in _members(schema.get(word)))


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _unknown(word: str, place: list[str]) -> FactbookError:
    near = difflib.get_close_matches(word, _KEYWORDS, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Words of your own begin with `x-`."
    return _refused([*place, word[:64]], f"{word[:64]!r} is not a keyword of draft 2020-12.", hint=hint)


def _refused(place: list[Any], message: str, *, hint: str | None = None) -> FactbookError:
    return invalid(message, field=".".join(["schema", *map(str, place)]), hint=hint)


def _sentence(text: str) -> str:
    short = text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
    return f"{short[:1].upper()}{short[1:]}."
