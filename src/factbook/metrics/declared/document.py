"""YAML text as plain values, with the line of each; no key twice, no anchors, no bombs."""

from __future__ import annotations

from typing import Any

import yaml

from factbook.core.errors import FactbookError
from factbook.metrics.model import Path, Source
from factbook.metrics.problems import DeclarationError, problem

MAX_LENGTH = 512 * 1024
MAX_DEPTH = 12

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str, file: str) -> tuple[Any, Source]:
    """The one document of `text`. INVALID naming file and line."""
    if len(text) > MAX_LENGTH:
        raise _refusal(file, None, f"The file is longer than {MAX_LENGTH:,} characters.")
    try:
        _flat_enough(text, file)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Path, int] = {}
            value = None if node is None else _value(loader, node, (), lines, file)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise _refusal(file, mark, f"This is not YAML: {said}.") from None
    return value, Source(file, lines)


def _flat_enough(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        anchored = getattr(event, "anchor", None) is not None
        if depth > MAX_DEPTH or anchored:
            said = "Anchors and aliases are not taken." if anchored else f"It is nested more than {MAX_DEPTH} deep."
            raise _refusal(file, event.start_mark, said)


def _value(loader: Any, node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> Any:
    lines[path] = _line(node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, place), lines, file) for place, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(loader, node, file)
    found: dict[Any, Any] = {}
    for key_node, item in node.value:
        key = _scalar(loader, key_node, file) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            shown = str(key_node.value)[:40] if isinstance(key_node, yaml.ScalarNode) else "of this kind"
            raise _refusal(file, key_node.start_mark, f"A key {shown} is not text.", "Quote it.")
        if key in found:
            raise _refusal(file, key_node.start_mark, f"The key {key!r} stands here twice.")
        found[key] = _value(loader, item, (*path, key), lines, file)
        lines[(*path, key)] = _line(key_node.start_mark)
    return found


def _scalar(loader: Any, node: yaml.Node, file: str) -> Any:
    try:
        value = loader.construct_object(node)
        str(value).encode()
    except (ValueError, OverflowError):
        raise _refusal(file, node.start_mark, f"{str(node.value)[:40]!a} cannot be read.", "Quote it.") from None
    return value


def _line(mark: Any) -> int:
    return int(mark.line) + 1


def _refusal(file: str, mark: Any, message: str, hint: str | None = None) -> FactbookError:
    return DeclarationError([problem(Source(file, {(): _line(mark)} if mark else {}), (), message, hint)])
