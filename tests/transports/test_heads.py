"""HEAD is answered as GET is, without its body; whatever is no GET stays what it is."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient

from factbook.transports.http.heads import Heads


def client() -> TestClient:
    api = FastAPI()

    @api.get("/read")
    def read() -> dict[str, str]:
        return {"some": "body"}

    @api.post("/write")
    def write() -> dict[str, str]:
        return {"some": "body"}

    return TestClient(Heads(api))


def test_head_has_the_status_and_headers_of_get_and_no_body() -> None:
    whole, head = client().get("/read"), client().head("/read")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_what_is_not_there_or_no_get_is_refused_without_a_body() -> None:
    assert [(each.status_code, each.content) for each in map(client().head, ("/nowhere", "/write"))] == [
        (404, b""),
        (405, b""),
    ]


def test_other_methods_are_left_alone() -> None:
    assert client().post("/write").json() == {"some": "body"}
