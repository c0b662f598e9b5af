"""Privacy over HTTP: consent holds at the way in, a person is told of and erased everywhere, the proof says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from factbook.access.person_requests import DIED, OTHERS, PersonRequests
from factbook.core.scope import Role, Scope
from factbook.ingest.erasure import Eraser
from factbook.storage.engine import Engine
from tests.clocks import SetClock

from .whole import Caller, Whole, caller, whole

USERS = "/api/v1/privacy/users"


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[Whole]:
    with whole(data) as served:
        yield served


@pytest.fixture
def admin(served: Whole, scope: Scope) -> Caller:
    return caller(served, scope)


def view(user: str = "", visitor: str = "", **more: Any) -> dict[str, Any]:
    ids = {"user_id": user, "anonymous_id": visitor}
    return {"event_type": "page_view", **{name: id_ for name, id_ in ids.items() if id_}, **more}


def reasons(answer: Any) -> list[str]:
    return [error["reason"] for error in answer.get("errors", [])]


# Consent


def test_who_withdrew_is_tracked_no_more_and_nothing_of_it_is_kept(admin: Caller) -> None:
    admin.send(view("ann"))
    admin.call("PUT", f"{USERS}/ann/consent", {"purposes": {"analytics": False, "marketing": True}})
    answer = admin.send(view("ann", url="secret"), view("bob"))
    assert reasons(answer) == ["no_consent"]
    assert answer["errors"][0]["letter_id"] == ""
    assert sorted(event["user_id"] for event in admin.events()) == ["ann", "bob"]
    assert admin.call("GET", "/api/v1/dead-letters")["dead_letters"] == []
    found = admin.call("GET", f"{USERS}/ann/consent")
    assert found["purposes"] == {"analytics": False, "marketing": True}
    admin.call("PUT", f"{USERS}/ann/consent", {"purposes": {"analytics": True}})
    assert reasons(admin.send(view("ann"))) == []


def test_where_consent_is_needed_first_who_never_gave_it_is_not_tracked(admin: Caller) -> None:
    admin.call("PUT", "/api/v1/privacy/settings", {"consent": "opt_in"})
    admin.call("PUT", f"{USERS}/v1/consent", {"purposes": {"analytics": True}})
    answer = admin.send(view("ann"), view(visitor="v1"), view(visitor="v2"), view())
    assert reasons(answer) == ["no_consent", "no_consent"]
    assert sorted(event["anonymous_id"] or "" for event in admin.events()) == ["", "v1"]


@pytest.mark.parametrize("header", [{"DNT": "1"}, {"Sec_GPC": "1"}])
def test_a_browser_that_objects_is_heard_where_the_tenant_says_so(admin: Caller, header: dict[str, str]) -> None:
    assert reasons(admin.send(view("ann"), headers=header)) == []
    admin.call("PUT", "/api/v1/privacy/settings", {"signals": True})
    answer = admin.send(view("ann"), status=422, headers=header)
    assert [error["reason"] for error in answer["errors"]] == ["objected"]
    assert reasons(admin.send(view("ann"))) == []


def test_refusals_for_want_of_consent_are_counted(admin: Caller) -> None:
    before = admin.services.intake.state().dropped.get("no_consent", 0)
    admin.call("PUT", f"{USERS}/ann/consent", {"purposes": {"analytics": False}})
    admin.send(view("ann"), view("ann"), status=422)
    assert admin.services.intake.state().dropped["no_consent"] == before + 2


def test_consent_is_kept_and_entered_without_the_id(admin: Caller, data: Path) -> None:
    admin.call("PUT", f"{USERS}/very-own-id/consent", {"purposes": {"analytics": True}})
    [entry] = admin.call("GET", "/api/v1/admin/audit?action=consent.change")["entries"]
    assert entry["detail"]["after"]["purposes"] == {"analytics": True}
    assert "very-own-id" not in json.dumps(entry)
    assert all(b"very-own-id" not in file.read_bytes() for file in data.glob("metadata.db*"))


# Pseudonyms


@pytest.mark.parametrize("ids", ["fixed", "daily"])
def test_ids_of_people_are_kept_as_pseudonyms_that_stay_the_same(admin: Caller, ids: str) -> None:
    admin.call("PUT", "/api/v1/privacy/settings", {"ids": ids})
    admin.send(view("ann", "v1"), view("ann"), view("bob"))
    names = [event["user_id"] for event in admin.events()]
    assert sorted(map(names.count, set(names))) == [1, 2]
    assert not {"ann", "bob", "v1"} & {*names, *(event["anonymous_id"] for event in admin.events())}
    assert admin.call("GET", f"{USERS}/ann")["events"][0]["user_id"] in names


def test_a_tenants_pseudonyms_are_not_anothers(served: Whole, admin: Caller) -> None:
    other = caller(served, Scope(f"{admin.scope.tenant}-b", "test", Role.OWNER))
    for one in (admin, other):
        one.call("PUT", "/api/v1/privacy/settings", {"ids": "fixed"})
        one.send(view("ann"))
    assert admin.events()[0]["user_id"] != other.events()[0]["user_id"]


# Telling


def test_all_that_is_kept_about_a_person_is_told(admin: Caller) -> None:
    admin.send(view(visitor="v1"), view("ann", "v1"), view("bob"), {"event_type": "", "user_id": "ann"}, status=200)
    told = admin.call("GET", f"{USERS}/ann")
    assert [event["user_id"] for event in told["events"]] in (["", "ann"], ["ann", ""])
    assert told["anonymous_ids"] == ["v1"]
    assert len(told["dead_letters"]) == 1
    assert [entry["action"] for entry in admin.call("GET", "/api/v1/admin/audit")["entries"]] == ["person.export"]


def test_much_is_told_in_a_file_written_in_the_background(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factbook.transports.http.privacy.INLINE", 2)
    monkeypatch.setattr("factbook.access.person_requests._PAGE", 2)
    admin.send(*[view("ann", properties={"n": number}) for number in range(7)], view("bob"))
    asked = admin.call("GET", f"{USERS}/ann", status=202)
    assert (asked["state"], asked["progress"]) == ("waiting", {"done": 0, "total": 7})
    admin.call("GET", f"/api/v1/privacy/requests/{asked['id']}/file", status=404)
    admin.services.person_requests.work()
    done = admin.call("GET", f"/api/v1/privacy/requests/{asked['id']}")
    assert (done["state"], done["progress"], done["events"]) == ("done", {"done": 7, "total": 7}, 7)
    file = admin.client.get(
        f"/api/v1/privacy/requests/{asked['id']}/file", headers={"X-API-Key": admin.keys[Role.ADMIN]}
    )
    assert sorted(event["properties"]["n"] for event in file.json()["events"]) == list(range(7))


# Erasing


def test_an_erased_person_is_known_nowhere_and_the_proof_says_what_went(admin: Caller) -> None:
    admin.send(view(visitor="v1"), view("ann", "v1"), view("ann"), view("bob"), view(visitor="v2"))
    admin.send({"event_type": "", "anonymous_id": "v1"}, {"event_type": "", "user_id": "bob"}, status=422)
    assert admin.services.sessions
    assert sum(admin.services.sessions.build()) >= 0
    before = admin.call("GET", "/api/v1/metrics?metric_name=events.count&interval=1d")
    asked = admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    done = admin.call("GET", f"/api/v1/privacy/requests/{asked['id']}")
    assert done["state"] == "done"
    assert done["removed"] == {
        "events": 3,
        "dead_letters": 1,
        "user_behavior": done["removed"]["user_behavior"],
        "session_visitors": 1,
        "segment_members": 0,
        "identities": 1,
        "export_files": 0,
    }
    assert done["removed"]["user_behavior"] >= 1
    assert set(done["left"].values()) == {0}
    assert done["joined_ids"] == 1
    assert sorted((event["user_id"] or event["anonymous_id"]) for event in admin.events()) == ["bob", "v2"]
    told = admin.call("GET", f"{USERS}/ann")
    assert (told["events"], told["sessions"], told["dead_letters"], told["anonymous_ids"]) == ([], [], [], [])
    assert admin.call("GET", "/api/v1/metrics?metric_name=events.count&interval=1d")["total"] == before["total"], (
        "counts stay"
    )
    assert "ann" not in json.dumps(done)


def test_events_of_an_erased_person_are_kept_or_refused_as_the_tenant_decided(admin: Caller) -> None:
    admin.send(view("ann", "v1"))
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    assert reasons(admin.send(view("ann"))) == []
    admin.call("PUT", "/api/v1/privacy/settings", {"erased": "refused"})
    answer = admin.send(view("ann"), view(visitor="v1"), status=422)
    assert [error["reason"] for error in answer["errors"]] == ["erased", "erased"]


def test_the_same_event_sent_again_does_not_bring_an_erased_person_back(admin: Caller) -> None:
    event = view("ann", id="one-and-the-same")
    admin.send(event)
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    assert admin.send(event)["duplicates"] == 1
    assert admin.events() == []


def test_people_under_pseudonyms_are_erased_by_their_own_id(admin: Caller) -> None:
    admin.send(view("ann"))
    admin.call("PUT", "/api/v1/privacy/settings", {"ids": "fixed"})
    admin.send(view("ann", "v1"), view("bob"))
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    assert len(admin.events()) == 1


def test_an_erasure_that_was_cut_off_goes_on_and_counts_all_that_went(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.send(view(visitor="v1"), view("ann", "v1"), view("ann"))
    asked = admin.call("DELETE", f"{USERS}/ann", status=202)
    engine, command = admin.services.engine, Engine.command

    def killed(self: Engine, sql: str, *arguments: Any) -> str:
        if "ALTER TABLE identities" in sql:
            raise KeyboardInterrupt
        return command(self, sql, *arguments)

    with monkeypatch.context() as cut:
        cut.setattr(Engine, "command", killed)
        with pytest.raises(KeyboardInterrupt):
            admin.services.person_requests.work()
    assert admin.call("GET", f"/api/v1/privacy/requests/{asked['id']}")["state"] == "running"
    admin.services.person_requests.work()
    done = admin.call("GET", f"/api/v1/privacy/requests/{asked['id']}")
    assert (done["state"], done["removed"]["events"], done["removed"]["identities"]) == ("done", 3, 1)
    left = engine.rows("SELECT count() FROM events WHERE tenant = {tenant:String}", {"tenant": admin.scope.tenant})
    assert left == [(0,)]


@pytest.mark.parametrize("id_", ["a/b", "auth0|x", "50%", "ä ö", "a/consent", "'; DROP TABLE events --", '"q"\\'])
def test_any_id_can_be_told_of_and_erased(admin: Caller, id_: str) -> None:
    admin.send(view(id_), view("bob"))
    place = f"{USERS}/{quote(id_, safe='')}"
    if not id_.endswith("/consent"):
        assert [event["user_id"] for event in admin.call("GET", place)["events"]] == [id_]
    admin.call("DELETE", place, status=202)
    admin.services.person_requests.work()
    assert [event["user_id"] for event in admin.events()] == ["bob"]


def test_who_comes_back_after_his_erasure_is_joined_to_his_visitor_anew(admin: Caller) -> None:
    admin.send(view("ann", "v1"))
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    admin.send(view("ann", "v1"))
    assert admin.call("GET", f"{USERS}/ann")["anonymous_ids"] == ["v1"]


def test_where_others_work_too_their_journals_come_first_and_what_one_began_is_his(admin: Caller) -> None:
    services = admin.services
    admin.send(view("ann"))
    clock = SetClock(datetime.now(UTC))

    def process() -> PersonRequests:
        return PersonRequests(
            Eraser(services.engine),
            services.warehouse,
            services.metadata,
            services.personal,
            clock,
            Path("nowhere"),
            alone=False,
        )

    asked = process().erase(admin.scope, "ann")
    assert process().work() == 0
    clock.forward(seconds=OTHERS)
    assert services.metadata.privacy.claim_request(admin.scope, asked, now=round(clock().timestamp() * 1000))
    assert process().work() == 0
    clock.forward(seconds=DIED)
    assert process().work() == 1
    assert admin.events() == []


def test_another_tenants_person_of_the_same_id_stays(served: Whole, admin: Caller) -> None:
    other = caller(served, Scope(f"{admin.scope.tenant}-b", "test", Role.OWNER))
    for one in (admin, other):
        one.send(view("ann", "v1"))
    asked = admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    assert len(other.events()) == 1
    assert other.call("GET", f"{USERS}/ann")["anonymous_ids"] == ["v1"]
    other.call("GET", f"/api/v1/privacy/requests/{asked['id']}", status=404)
    assert other.call("GET", "/api/v1/privacy/requests")["requests"] == []


def test_a_shared_device_loses_what_the_erased_person_did_there_and_no_more(admin: Caller) -> None:
    first = datetime.now(UTC) - timedelta(hours=2)
    admin.send(view("ann", "tablet", timestamp=first.isoformat()), view("bob", "tablet"), view(visitor="tablet"))
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    assert [event["user_id"] for event in admin.events()] == ["bob"]


# Retention and the report


def test_events_of_a_class_go_after_its_own_days(admin: Caller) -> None:
    old = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    admin.send(view("ann", timestamp=old, data_class="personal"), view("ann", timestamp=old), view("bob"))
    shown = admin.call("PUT", "/api/v1/privacy/retention", {"classes": {"personal": 7}})
    assert shown["classes"] == {"personal": 7}
    admin.call("POST", "/api/v1/privacy/retention/run")
    assert sorted(str(event["data_class"] or "") for event in admin.events()) == ["", ""]
    assert admin.call("PUT", "/api/v1/privacy/retention", {"classes": {"personal": None}})["classes"] == {}


def test_the_report_says_what_is_kept_and_what_went(admin: Caller) -> None:
    admin.send(view("ann", data_class="personal"), view("bob"))
    admin.call("PUT", f"{USERS}/bob/consent", {"purposes": {"analytics": True}})
    admin.call("PUT", f"{USERS}/cec/consent", {"purposes": {"analytics": False}})
    admin.call("DELETE", f"{USERS}/ann", status=202)
    admin.services.person_requests.work()
    report = admin.call("GET", "/api/v1/privacy/report")
    assert [(row["data_class"], row["events"], row["days"]) for row in report["kept"]] == [(None, 1, 90)]
    assert report["consents"] == {"people": 2, "purposes": {"analytics": {"given": 1, "withheld": 1}}}
    assert (report["erasures"]["by_state"], report["erasures"]["removed"]["events"]) == ({"done": 1}, 1)
    assert report["erasures"]["last_finished_at"]


def test_only_admins_may(admin: Caller) -> None:
    for role in (Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER, Role.WRITER):
        admin.call("GET", f"{USERS}/ann", role=role, status=403)
        admin.call("DELETE", f"{USERS}/ann", role=role, status=403)
        admin.call("PUT", f"{USERS}/ann/consent", {"purposes": {"analytics": True}}, role=role, status=403)
        admin.call("GET", "/api/v1/privacy/report", role=role, status=403)
