"""What is wrong with a declaration: where it stands, what it is, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from factbook.core.errors import FactbookError, Kind

from .model import Path, Source


@dataclass(frozen=True, slots=True)
class Problem:
    """is_warning: the declaration works, but probably not as meant. field: the path into the document."""

    message: str
    file: str = ""
    line: int | None = None
    field: str = ""
    hint: str | None = None
    is_warning: bool = False

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.hint}" if self.hint else text


def problem(source: Source, path: Path, message: str, hint: str | None = None, *, is_warning: bool = False) -> Problem:
    field = ".".join(str(part) for part in path)
    return Problem(message, source.file, source.line(path), field, hint, is_warning)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A question with the nearest of `known`, None where none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else None


def refusal(problems: Sequence[Problem]) -> FactbookError:
    """INVALID with the first of `problems`; all of them stand in its details."""
    first = problems[0]
    where = ":".join(str(part) for part in (first.file, first.line) if part)
    listed = [{"field": one.field, "line": one.line, "message": one.message, "hint": one.hint} for one in problems]
    message = f"{where}: {first.message}" if where else first.message
    return FactbookError(
        Kind.INVALID, message, field=first.field or None, hint=first.hint, details={"problems": listed}
    )
