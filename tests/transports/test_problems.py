"""Every error is problem+json with the right status, a correlation id and a way out, and never tells of our insides."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from factbook.core.errors import FactbookError, Kind
from factbook.transports.http import problems
from factbook.transports.http.request_id import RequestId

EXPECTED = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    days: int


def app(*, raising: Exception | None = None) -> FastAPI:
    made = FastAPI()
    made.add_middleware(RequestId)
    problems.install(made)

    @made.get("/raises")
    def raises() -> None:
        assert raising
        raise raising

    @made.get("/limited")
    def limited(limit: Annotated[int, Query(ge=1, le=10)] = 5) -> int:
        return limit

    @made.post("/bodies")
    def bodies(body: Body) -> Body:
        return body

    return made


def client(raising: Exception | None = None) -> TestClient:
    return TestClient(app(raising=raising))


def body(error: FactbookError, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(problems.problem(error, "id-1", **given)[2])
    return found


def test_every_kind_has_its_status() -> None:
    assert dict(problems.STATUS) == EXPECTED
    assert set(EXPECTED) == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_answered_as_a_problem(kind: Kind) -> None:
    error = FactbookError(kind, "It did not work.", field="limit", hint="Try another.", details={"largest": 10})
    answer = client(error).get("/raises", headers={"x-request-id": "mine-7"})
    assert answer.status_code == EXPECTED[kind]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": f"urn:factbook:problem:{kind.value}",
        "title": problems.TITLE[kind],
        "status": EXPECTED[kind],
        "detail": "It did not work.",
        "instance": "/raises",
        "correlation_id": "mine-7",
        "field": "limit",
        "suggested_actions": ["Try another."],
        "largest": 10,
    }


def test_pure_function_says_the_same_as_the_installed_handler() -> None:
    error = FactbookError(Kind.LIMITED, "Too fast.", retry_after=2.1)
    status, headers, content = problems.problem(error, "x-1", "/raises")
    answer = client(error).get("/raises", headers={"x-request-id": "x-1"})
    assert (answer.status_code, answer.content) == (status, content)
    assert {(name.decode(), value.decode()) for name, value in headers} <= set(answer.headers.items())


def test_missing_credentials_are_asked_for() -> None:
    _, headers, _ = problems.problem(FactbookError(Kind.UNAUTHENTICATED, "No key."), "x")
    assert (b"www-authenticate", b'Bearer realm="factbook"') in headers
    assert "X-API-Key" in body(FactbookError(Kind.UNAUTHENTICATED, "No key."))["suggested_actions"][0]


@pytest.mark.parametrize(("seconds", "header"), [(None, b"1"), (0.2, b"1"), (2.1, b"3"), (30, b"30")])
@pytest.mark.parametrize("kind", [Kind.LIMITED, Kind.UNAVAILABLE])
def test_whoever_may_try_again_is_told_when_in_whole_seconds(kind: Kind, seconds: float | None, header: bytes) -> None:
    _, headers, _ = problems.problem(FactbookError(kind, "Later.", retry_after=seconds), "x")
    assert (b"retry-after", header) in headers


def test_details_cannot_displace_what_the_standard_says() -> None:
    found = body(FactbookError(Kind.INVALID, "No.", details={"status": 200, "detail": "fine"}))
    assert (found["status"], found["detail"]) == (422, "No.")


def test_content_length_is_that_of_the_body() -> None:
    _, headers, content = problems.problem(FactbookError(Kind.INVALID, "Größe ist ungültig."), "x")
    assert dict(headers)[b"content-length"] == str(len(content)).encode()


def test_value_out_of_range_names_the_parameter() -> None:
    answer = client().get("/limited?limit=99")
    assert answer.status_code == 422
    assert answer.json()["field"] == "limit"
    assert answer.json()["errors"][0]["field"] == "limit"


def test_unknown_and_missing_body_fields_are_named() -> None:
    answer = client().post("/bodies", json={"nmae": "x", "days": "many"})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"name", "days", "nmae"}


def test_body_that_is_no_json_is_malformed() -> None:
    answer = client().post("/bodies", content=b'{"name": ', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:factbook:problem:malformed"


def test_unknown_path_is_a_problem_too() -> None:
    answer = client().get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "There is nothing at /nowhere."
    assert answer.json()["correlation_id"] == answer.headers["x-request-id"]


def test_wrong_method_names_the_right_ones() -> None:
    answer = client().delete("/bodies")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["suggested_actions"] == ["Allowed: POST."]


def test_errors_of_the_framework_keep_their_status_and_headers() -> None:
    answer = client(HTTPException(418, "short and stout", headers={"x-pot": "tea"})).get("/raises")
    assert (answer.status_code, answer.headers["x-pot"], answer.json()["detail"]) == (418, "tea", "short and stout")


def test_defect_is_a_500_that_tells_nothing_but_its_id() -> None:
    answer = client(ZeroDivisionError("secret-of-ours")).get("/raises")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret-of-ours" not in answer.text
    assert "Zero" not in answer.text
    assert answer.json()["correlation_id"] == answer.headers["x-request-id"]
