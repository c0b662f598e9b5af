"""Hostile text in every parameter and every member of a body: an answer or the caller's mistake, nothing of another
tenant's, and no statement that holds the text but as a literal or a quoted name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine

from .whole import Caller, Whole, caller, whole

MARK = "zq7x"
"""In every text, behind each character that could end what it stands in."""
SECRET = "of-another-tenant"
CLASSICS = [
    f"{MARK}' OR {MARK}=1 --{MARK}",
    f"{MARK}') UNION ALL SELECT * FROM events WHERE {MARK} IN ('1",
    f"{MARK}\\' OR 1=1 --{MARK}",
    f"{MARK}\\\\' OR {MARK} --",
    f"{MARK}` FROM events --{MARK}",
    f'{MARK}" OR {MARK} --',
    f"{{{MARK}:String}}",
    f"{MARK}'; DROP TABLE events; --{MARK}",
    f"{MARK}' /*{MARK}*/ SETTINGS readonly={MARK}",
    f"{MARK}' INTO OUTFILE '{MARK}' FORMAT CSV --{MARK}",
    f"${MARK}$'${MARK}$",
    f"%{MARK}%s_{{0}}",
    f"{MARK}\n' {MARK} \r\n--\n{MARK}",
    f"file('/etc/passwd') {MARK}",
    f"{MARK}) OR ({MARK} = {MARK}",
    f"{{{{{MARK}}}}}${{{MARK}}}<script>{MARK}</script>",
    f"{MARK}\0' {MARK}",
    f"=cmd|'{MARK}'!A1",
]
FORMS = [
    "{}",
    "property.{}",
    "-{}",
    "orders,{}",
    "events.count.{}",
    "properties.amount > {}",
    "name = '{}'",
    '{{"{}": "a"}}',
    '{{"country": "{}"}}',
    '{{"property.{}.gt": 1}}',
    '["{}"]',
    '[{{"event": "{}", "where": "a = {}"}}]',
    '{{"did": "{}", "where": {{"{}": "{}"}}}}',
]
"""Where in a parameter the text stands; in JSON it is escaped as JSON wants it."""
SHARED = 8
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slot:
    """One text of one operation's: a parameter of its path or query, or a leaf of its body's example."""

    method: str
    path: str
    place: str
    name: Any
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place} {self.name}"


def slots(document: dict[str, Any]) -> list[Slot]:
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            places = [(each["in"], each["name"]) for each in operation.get("parameters", [])]
            found += [Slot(method.upper(), path, *each) for each in places if each[0] in ("path", "query")]
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            example = content.get("example") or next((e["value"] for e in content.get("examples", {}).values()), None)
            found += [Slot(method.upper(), path, "body", place, example) for place in _leaves(example)]
    return found


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _leaves(member, (*at, name))
    if at and not isinstance(value, dict | list):
        yield at


def spread(slots: list[Slot]) -> list[Slot]:
    """Parameters that many operations share, such as a time zone, at a few of them."""
    same: dict[tuple[str, Any], list[Slot]] = {}
    for slot in slots:
        same.setdefault((slot.place, slot.path if slot.place == "body" else slot.name), []).append(slot)
    return [slot for each in same.values() for slot in each[:: -(-len(each) // SHARED)]]


def formed(form: str, text: str) -> str:
    kept = json.dumps(text)[1:-1] if form[0] in "{[" and form != "{}" else text
    return form.replace("{{", "\1").replace("}}", "\2").replace("{}", kept).replace("\1", "{").replace("\2", "}")


@dataclass(frozen=True, slots=True)
class Attacked:
    """statements: since the last question, with what is bound. reached: from where a text came to the engine."""

    caller: Caller
    slots: list[Slot]
    statements: list[tuple[str, str]]
    reached: set[str] = field(default_factory=set)

    def __call__(self, slot: Slot, text: str) -> str | None:
        """What is wrong with the answer or with a statement that was run for it."""
        self.statements.clear()
        path, query, body = slot.path, {}, deepcopy(slot.body)
        if slot.place == "path":
            path = path.replace(f"{{{slot.name}}}", quote(text, safe=""))
        elif slot.place == "query":
            query = {slot.name: text}
        else:
            *way, last = slot.name
            inner = body
            for step in way:
                inner = inner[step]
            inner[last] = text
        path = re.sub(r"\{\w+\}", "mine", path)
        headers = {"X-API-Key": self.caller.keys[Role.ADMIN]}
        answer = self.caller.client.request(slot.method, path, params=query, json=body, headers=headers)
        if answer.status_code >= 500:
            return f"{slot}: {answer.status_code} {answer.text[:300]} to {text!r}"
        if SECRET in answer.text or any(SECRET in value for value in answer.headers.values()):
            return f"{slot}: tells of another tenant to {text!r}"
        if any(MARK in statement + bound for statement, bound in self.statements):
            self.reached.add(str(slot))
        for statement, _ in self.statements:
            if MARK in _QUOTED.sub("''", statement):
                return f"{slot}: {text!r} stands bare in {statement[:2000]}"
        return None


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """On a metadata database of its own, which the questions change as they like."""
    with whole(data, database=f"sqlite:///{tmp_path_factory.mktemp('attacked')}/metadata.db") as found:
        yield found


@pytest.fixture(scope="module")
def attack(served: Whole) -> Iterator[Attacked]:
    statements: list[tuple[str, str]] = []
    document = served.client.get("/openapi.json").json()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("command", "rows", "records", "counted", "table"):
            patched.setattr(Engine, name, _noting(getattr(Engine, name), statements))
        for tenant, of in (("attacked", "mine"), ("secretive", SECRET)):
            owner = caller(served, Scope(tenant, "test", Role.OWNER))
            event = {"event_type": "order.placed", "user_id": of, "session_id": of, "content_id": of, "country": "DE"}
            owner.send({**event, "properties": {"order_id": of, "amount": 5, "currency": "EUR", "service": of}})
        mine = caller(served, Scope("attacked", "test", Role.OWNER))
        yield Attacked(mine, slots(document), statements)


def _noting(method: Any, statements: list[tuple[str, str]]) -> Any:
    def noted(self: Engine, sql: str, parameters: Any = None, **named: Any) -> Any:
        statements.append((sql, str(parameters)))
        return method(self, sql, parameters, **named)

    return noted


def test_a_text_that_broke_out_of_its_quotes_would_be_seen() -> None:
    for statement in (f"SELECT '{CLASSICS[0]}'", f"SELECT `{CLASSICS[4]}`", f"SELECT '{CLASSICS[3]}'"):
        assert MARK in _QUOTED.sub("''", statement)
    assert MARK not in _QUOTED.sub("''", f"SELECT 'a\\'{MARK}', `b\\`{MARK}`, 'c\\\\', '{MARK}'")


def test_classics_in_every_parameter_and_member(attack: Attacked) -> None:
    texts = (formed(FORMS[n % len(FORMS)], CLASSICS[n % len(CLASSICS)]) for n in count())
    wrong = [told for slot, text in zip(spread(attack.slots), texts, strict=False) if (told := attack(slot, text))]
    assert not wrong, "\n".join(wrong)
    assert len(attack.reached) > 40


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@drawn(data=st.data())
def test_drawn_texts_in_drawn_places(attack: Attacked, data: st.DataObject) -> None:
    slot = data.draw(st.sampled_from([one for one in attack.slots if one.method in ("GET", "POST")]))
    pieces = st.sampled_from([MARK, "'", "`", '"', "\\", "--", ")", "(", "{", "}", "$", "\n", ";", ",", ":", ".", " "])
    text = MARK + "".join(data.draw(st.lists(pieces | st.text(max_size=3), max_size=12))) + MARK
    told = attack(slot, formed(data.draw(st.sampled_from(FORMS)), text))
    assert told is None, told
