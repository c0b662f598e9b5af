"""Every route that the OpenAPI names, with a body and the parameters it asks for: what walks of all routes go over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient


@dataclass(frozen=True, slots=True)
class Operation:
    """path: the template. query: parameters it cannot do without; takes: all it knows. body: an example of what it
    takes, None for none."""

    method: str
    path: str
    query: Mapping[str, str]
    takes: frozenset[str]
    body: Any
    media_type: str

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"{(\w+)}", self.path)

    def at(self, **values: str) -> str:
        return self.path.format(**values)


def operations(client: TestClient) -> Iterator[Operation]:
    spec = client.get("/openapi.json").json()
    for path, methods in sorted(spec["paths"].items()):
        for method, operation in methods.items():
            content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
            media_type, given = next(iter(content.items()), ("", dict[str, Any]()))
            queried = [one for one in operation.get("parameters", []) if one["in"] == "query"]
            yield Operation(
                method.upper(),
                path,
                {one["name"]: _first(one) or "x" for one in queried if one.get("required")},
                frozenset(one["name"] for one in queried),
                given.get("example", _example(spec, given.get("schema", {}))),
                media_type,
            )


def _first(parameter: Mapping[str, Any]) -> str:
    found = parameter.get("examples") or parameter.get("schema", {}).get("examples") or [parameter.get("example", "")]
    return str(found[0] if isinstance(found, list) else next(iter(found.values()))["value"])


def _example(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema["examples"][0] if "examples" in schema else None
