"""What is wrong with a declaration: where it stands, what it is, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from factbook.core.errors import FactbookError, Kind

from .model import Path, Source


@dataclass(frozen=True, slots=True)
class Problem:
    """field: the path into the document. is_warning: the declaration works, but probably not as meant."""

    message: str
    file: str = ""
    line: int | None = None
    field: str = ""
    hint: str | None = None
    is_warning: bool = False

    @property
    def placed(self) -> str:
        """The message behind file and line, where they are known."""
        where = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{where}: {self.message}" if where else self.message

    def __str__(self) -> str:
        return f"{self.placed} {self.hint}" if self.hint else self.placed


class DeclarationError(FactbookError):
    """INVALID: the first of `problems`; the details hold all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        keys = ("field", "file", "line", "message", "hint")
        listed = [{key: getattr(one, key) for key in keys if getattr(one, key)} for one in problems]
        field = first.field or None
        super().__init__(Kind.INVALID, first.placed, field=field, hint=first.hint, details={"problems": listed})
        self.problems = tuple(problems)


def problem(source: Source, path: Path, message: str, hint: str | None = None, *, is_warning: bool = False) -> Problem:
    """A problem at `path` of `source`."""
    field = ".".join(str(part) for part in path)
    return Problem(message, source.file, source.line(path), field, hint, is_warning)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A question with the nearest of `known`, None where none is near."""
    near = get_close_matches(word, [str(one) for one in known], n=1)
    return f"Did you mean {near[0]!r}?" if near else None
