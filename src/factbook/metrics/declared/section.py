"""One mapping of a document, taken key by key: what is wrong, missing or unknown becomes a problem."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from factbook.core.errors import FactbookError
from factbook.metrics.expressions import Expression
from factbook.metrics.model import Path, Source
from factbook.metrics.problems import Problem, did_you_mean, problem

Choice = TypeVar("Choice", bound=StrEnum)

_MISSING = object()
_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


class Section:
    """problems: shared by all sections of a document, in the order of finding."""

    def __init__(self, given: Mapping[str, Any], source: Source, path: Path, problems: list[Problem]) -> None:
        self._given = given
        self._taken: set[str] = set()
        self.source = source
        self.path = path
        self.problems = problems

    def complain(self, key: str, message: str, hint: str | None = None) -> None:
        path = (*self.path, key) if key else self.path
        self.problems.append(problem(self.source, path, message, hint))

    def names(self) -> list[str]:
        """Every key, as written."""
        return list(self._given)

    def has(self, key: str) -> bool:
        return self._given.get(key) is not None

    def take(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        """The value of `key`, if it is of `kind`; else `default`, without one a problem and an empty value."""
        self._taken.add(key)
        value = self._given.get(key)
        if value is None:
            if default is _MISSING:
                self.complain("", f"{key!r} is missing.")
                return kind()
            return default
        if not _is(value, kind):
            self.complain(key, f"{key!r} is {_named(value)}, not {_KINDS[kind]}.")
            return kind() if default is _MISSING else default
        return value

    def text(self, key: str, default: Any = _MISSING) -> str:
        value = str(self.take(key, str, default))
        if "\0" in value or (isinstance(self._given.get(key), str) and not value.strip()):
            self.complain(key, f"{key!r} is empty.")
        return value

    def number(self, key: str, least: float, most: float, default: Any = _MISSING) -> float:
        value = float(self.take(key, float, default))
        if not least <= value <= most:
            self.complain(key, f"{key!r} lies between {least:g} and {most:g}.")
        return value

    def whole(self, key: str, least: int, most: int, default: int) -> int:
        value = int(self.take(key, int, default))
        if not least <= value <= most:
            self.complain(key, f"{key!r} lies between {least} and {most}.")
            return default
        return value

    def choice(self, key: str, kind: type[Choice], default: Any = _MISSING) -> Choice:
        word = self.text(key, default)
        if word in set(kind):
            return kind(word)
        if self.has(key) and isinstance(self._given[key], str):
            hint = did_you_mean(word, kind) or "Use " + ", ".join(kind) + "."
            self.complain(key, f"{word[:40]!r} is not a {key}.", hint)
        return next(iter(kind))

    def texts(self, key: str) -> tuple[str, ...]:
        found = []
        for place, item in enumerate(self.take(key, list, [])):
            if not isinstance(item, str) or not item or "\0" in item:
                self.problems.append(
                    problem(
                        self.source, (*self.path, key, place), f"{key!r} holds {_named(item)}, not text.", "Quote it."
                    )
                )
            elif item in found:
                self.problems.append(
                    problem(self.source, (*self.path, key, place), f"{item!r} stands in {key!r} twice.")
                )
            else:
                found.append(item)
        return tuple(found)

    def labels(self, key: str) -> dict[str, str]:
        """A mapping from text to text."""
        given = self.take(key, dict, {})
        wrong = [name for name, value in given.items() if not isinstance(value, str) or not value]
        for name in wrong:
            self.problems.append(problem(self.source, (*self.path, key, name), f"{name!r} has no text.", "Quote it."))
        return {name: value for name, value in given.items() if name not in wrong}

    def expression(self, key: str, parse: Callable[[str], Expression]) -> Expression | None:
        """What `parse` reads from the text of `key` (a number is taken as its text); None where there is none."""
        self._taken.add(key)
        value = self._given.get(key)
        if value is None:
            return None
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            self.complain(key, f"{key!r} is {_named(value)}, not text.")
            return None
        try:
            return parse(str(value))
        except FactbookError as error:
            self.complain(key, error.message, error.hint)
            return None

    def section(self, key: str) -> Section:
        return Section(self.take(key, dict), self.source, (*self.path, key), self.problems)

    def sections(self, key: str) -> Iterator[Section]:
        """One for each mapping of a list."""
        for place, item in enumerate(self.take(key, list, [])):
            path = (*self.path, key, place)
            if isinstance(item, dict):
                yield Section(item, self.source, path, self.problems)
            else:
                self.problems.append(problem(self.source, path, f"{key!r} holds {_named(item)}, not a mapping."))

    def named(self, key: str) -> Iterator[tuple[str, Section]]:
        """One for each mapping of a mapping, with its name."""
        below = self.section(key) if self.has(key) else Section({}, self.source, self.path, self.problems)
        self._taken.add(key)
        for name in below.names():
            yield name, below.section(name)

    def end(self) -> None:
        """Every key that was not taken is unknown."""
        for key in self._given:
            if key not in self._taken:
                hint = did_you_mean(key, self._taken) or "Use " + ", ".join(sorted(self._taken)) + "."
                self.complain(key, f"There is no {key[:60]!r} here.", hint)


def is_number(value: Any) -> bool:
    """A finite one; true and false are none, and neither is what no float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return is_number(value)
    return isinstance(value, kind) and (kind is not int or not isinstance(value, bool))


def _named(value: Any) -> str:
    return next((words for kind, words in _KINDS.items() if type(value) is kind), f"a {type(value).__name__}")
