"""Requests about one person, worked off one at a time and taken up again after a crash: erasing him, telling of him."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import structlog

from factbook.core.clock import Clock, epoch_ms, from_epoch_ms
from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope
from factbook.ingest.erasure import PLACES, Eraser, Person
from factbook.ingest.personal import Personal
from factbook.storage.metadata import Metadata
from factbook.storage.privacy_rows import PersonRequest
from factbook.storage.warehouse import Warehouse

log = structlog.get_logger()

INLINE = 1_000
"""Events up to which a person's data is told at once, and not as a file."""
FILE_DAYS = 7
_PAGE = 5_000
_SETTLING = 60.0
"""Seconds to wait for what is journalled to be in the warehouse."""
_SWEEPS = 5
OTHERS = 60
"""Seconds after which what other processes had journalled is in the warehouse."""
DIED = 900
"""Seconds after which a process that began a request and did not end it is taken for dead."""


class PersonRequests:
    """`work` does what is open; one thread of one process does it at a time, the others come too late.

    alone: no other process works at this warehouse. Where others do, an erasure begins when what they had journalled is
    in too (OTHERS), and what another has begun is left to him until he must have died (DIED).

    oldest_waiting: when the oldest entry of the journal came in (milliseconds), 0 for none. standing: while it holds,
    no sessions are built. forget: joined ids may have been removed.
    """

    def __init__(
        self,
        eraser: Eraser,
        warehouse: Warehouse,
        metadata: Metadata,
        personal: Personal,
        clock: Clock,
        folder: Path,
        *,
        oldest_waiting: Callable[[], int] = lambda: 0,
        standing: Callable[[], AbstractContextManager[None]] = nullcontext,
        changed: Callable[[str | None], None] = lambda tenant: None,
        forget: Callable[[], None] = lambda: None,
        alone: bool = True,
    ) -> None:
        self._eraser = eraser
        self._warehouse = warehouse
        self._metadata = metadata
        self._personal = personal
        self._clock = clock
        self._folder = folder
        self._oldest_waiting = oldest_waiting
        self._standing = standing
        self._changed = changed
        self._forget = forget
        self._alone = alone
        self._one_at_a_time = threading.Lock()

    # -- asking

    def erase(self, scope: Scope, id_: str) -> PersonRequest:
        """Asks to erase all that came in about him until now. From now on he counts as erased."""
        made = self._ask(scope, "erasure", id_, len(PLACES))
        self._personal.refresh()
        return made

    def export(self, scope: Scope, id_: str) -> PersonRequest:
        """Asks for a file of all that is kept about him."""
        return self._ask(scope, "export", id_, self.events(scope, id_))

    def get(self, scope: Scope, request_id: str) -> PersonRequest:
        return self._metadata.privacy.request(scope, request_id)

    def all(self, scope: Scope, limit: int = 100) -> list[PersonRequest]:
        """Newest first."""
        return self._metadata.privacy.requests(scope, limit=limit)

    def file(self, scope: Scope, request_id: str) -> Path:
        """NOT_FOUND where it is no export, is not done, or its file has been removed since."""
        request = self.get(scope, request_id)
        path = self._path(request)
        if request.kind != "export" or request.state != "done" or not path.exists():
            raise not_found(
                f"The request {request_id[:60]!r} has no file.",
                hint=f"A file is there once an export is done, for {FILE_DAYS} days.",
            )
        return path

    def events(self, scope: Scope, id_: str) -> int:
        """How many events are his, of all that came in until now."""
        self._settle(epoch_ms(self._clock()))
        who = self._eraser.person(scope, self._personal.names_of(scope, id_))
        return self._eraser.events(scope, who, before=epoch_ms(self._clock()))

    def told(self, scope: Scope, id_: str) -> dict[str, Any]:
        """All that is kept about him, JSON-able: for few events (INLINE)."""
        document = self._about(scope, id_)
        return {**document, "events": [row for page in self._events(scope, id_) for row in page]}

    # -- doing

    def work(self) -> int:
        """Does what is open; returns how many requests were done. CONFLICT while another thread is at it."""
        if not self._one_at_a_time.acquire(blocking=False):
            raise FactbookError(Kind.CONFLICT, "Requests about people are being worked off.")
        try:
            done = 0
            for request in self._metadata.privacy.open_requests_of_system():
                if self._may_begin(request):
                    self._do(request)
                    done += 1
            self._remove_old_files()
            return done
        finally:
            self._one_at_a_time.release()

    def _ask(self, scope: Scope, kind: str, id_: str, total: int) -> PersonRequest:
        request = PersonRequest(
            id=f"{kind}_{secrets.token_hex(10)}",
            tenant=scope.tenant,
            kind=kind,
            subject=self._personal.subject(scope, id_),
            sealed=id_,
            state="waiting",
            actor=scope.actor,
            done=0,
            total=total,
            report={},
            failure="",
            created_at=epoch_ms(self._clock()),
        )
        return self._metadata.privacy.add_request(scope, request)

    def _may_begin(self, request: PersonRequest) -> bool:
        now = epoch_ms(self._clock())
        if not self._alone:
            if request.kind == "erasure" and now < request.created_at + OTHERS * 1000:
                return False
            if request.started_at is not None and now < request.started_at + DIED * 1000:
                return False
        return self._metadata.privacy.claim_request(Scope.system(request.tenant), request, now=now)

    def _do(self, request: PersonRequest) -> None:
        scope = Scope.system(request.tenant)
        try:
            report = self._erase(scope, request) if request.kind == "erasure" else self._export(scope, request)
        except FactbookError as error:  # it stays open, and is tried again
            self._change(scope, request, state="waiting", started_at=None, failure=error.message)
            raise
        finished = epoch_ms(self._clock())
        self._change(
            scope,
            request,
            state="done",
            sealed=None,
            failure="",
            done=max(request.total, 1),
            total=max(request.total, 1),
            report=report,
            finished_at=finished,
        )
        log.info("a request about a person is done", request=request.id, kind=request.kind, tenant=request.tenant)

    def _erase(self, scope: Scope, request: PersonRequest) -> dict[str, Any]:
        tenant, before = scope.tenant, request.created_at
        self._settle(before)
        report = dict(request.report)
        steps = {"done": 0}

        def noted(counted: dict[str, int]) -> None:
            report["removed"] = counted
            self._change(scope, request, report=report, done=min(steps["done"], request.total))
            steps["done"] += 1

        names = self._personal.names_of(scope, request.sealed or "")
        who = self._eraser.person(scope, names)
        report["joined"] = sorted({*report.get("joined", []), *self._subjects(scope, who)})
        for _ in range(_SWEEPS):
            with self._standing():
                found = self._eraser.erase(scope, who, before=before, found=report.get("removed", {}), noted=noted)
            left = self._eraser.counts(scope, who, before=before)
            if not any(left.values()):
                break
        self._changed(tenant)
        self._forget()
        self._personal.refresh()
        files = self._remove_files_about(scope, request.subject)
        if any(left.values()):
            raise FactbookError(Kind.UNAVAILABLE, f"Something is left in {', '.join(t for t in left if left[t])}.")
        return {**report, "removed": {**found, "export_files": files}, "left": left, "until": before}

    def _subjects(self, scope: Scope, who: Person) -> list[str]:
        return [self._personal.subject(scope, visitor) for visitor in who.visitors]

    def _settle(self, before: int) -> None:
        """Waits until all that came in before is in the warehouse with its roll-ups."""
        deadline = time.monotonic() + _SETTLING
        while 0 < self._oldest_waiting() <= before:
            if time.monotonic() > deadline:
                raise FactbookError(Kind.UNAVAILABLE, "The warehouse does not take what is journalled.")
            time.sleep(0.05)

    def _export(self, scope: Scope, request: PersonRequest) -> dict[str, Any]:
        id_ = request.sealed or ""
        path = self._path(request)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        count = 0
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            head = json.dumps(self._about(scope, id_), ensure_ascii=False)
            out.write(head[:-1] + ', "events": [')
            for page in self._events(scope, id_):
                for row in page:
                    out.write((",\n" if count else "\n") + json.dumps(row, ensure_ascii=False))
                    count += 1
                self._change(scope, request, done=count, total=max(count, request.total))
            out.write("\n]}\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        return {"events": count, "bytes": path.stat().st_size}

    def _about(self, scope: Scope, id_: str) -> dict[str, Any]:
        who = self._eraser.person(scope, self._personal.names_of(scope, id_))
        bound = {"users": list(who.users), "all": list(who.all)}
        consent = self._metadata.privacy.consent(scope, self._personal.subject(scope, id_))
        return {
            "user_id": id_,
            "exported_at": self._clock().isoformat(),
            "known_as": [name for name in who.users if name != id_],
            "anonymous_ids": list(who.visitors),
            "consent": {"purposes": dict(consent.purposes), "at": _time(consent.updated_at)} if consent else None,
            "sessions": self._warehouse_rows(scope, _SESSIONS, bound),
            "segments": self._segments(scope, bound),
            "dead_letters": self._warehouse_rows(scope, _LETTERS, bound),
        }

    def _segments(self, scope: Scope, bound: dict[str, Any]) -> list[str]:
        """Frozen segments that he was in."""
        freezings = {row["freezing"] for row in self._warehouse_rows(scope, _FREEZINGS, bound)}
        return [one.id for one in self._metadata.segments.listed(scope) if one.freezing in freezings]

    def _events(self, scope: Scope, id_: str) -> Iterator[list[dict[str, Any]]]:
        who = self._eraser.person(scope, self._personal.names_of(scope, id_))
        bound: dict[str, Any] = {"users": list(who.users), "all": list(who.all), "at": -1, "id": ""}
        while True:
            page = self._warehouse_rows(scope, _EVENTS, bound)
            if page:
                yield [{name: value for name, value in row.items() if name != "place"} for row in page]
            if len(page) < _PAGE:
                return
            bound |= {"at": page[-1]["place"], "id": page[-1]["event_id"]}

    def _warehouse_rows(self, scope: Scope, sql: str, bound: dict[str, Any]) -> list[dict[str, Any]]:
        used = {name: value for name, value in bound.items() if f"{{{name}:" in sql}
        rows = self._warehouse.records(scope, sql, used)
        return [{name: _plain(name, value) for name, value in row.items()} for row in rows]

    def _change(self, scope: Scope, request: PersonRequest, **values: Any) -> None:
        self._metadata.privacy.change_request(scope, request.id, **values)

    def _path(self, request: PersonRequest) -> Path:
        return self._folder / f"{request.id}.json"

    def remove_files(self, scope: Scope) -> int:
        """Of every export of the tenant, who is to go."""
        return self._remove(one for one in self.all(scope, 10_000) if one.kind == "export")

    def _remove_files_about(self, scope: Scope, subject: str) -> int:
        mine = (one for one in self.all(scope, 10_000) if one.kind == "export")
        return self._remove(one for one in mine if one.subject == subject)

    def _remove(self, mine: Iterable[PersonRequest]) -> int:
        there = [path for one in mine if (path := self._path(one)).exists()]
        for path in there:
            path.unlink()
        return len(there)

    def _remove_old_files(self) -> None:
        before = epoch_ms(self._clock()) - FILE_DAYS * 86_400_000
        for request in self._metadata.privacy.finished_exports_of_system(before=before):
            self._path(request).unlink(missing_ok=True)


_THEIRS = """(user_id IN {users:Array(String)} OR (user_id = '' AND anonymous_id IN {all:Array(String)}))"""

_EVENTS = f"""SELECT toString(event_id) AS event_id, event_type, event_category, timestamp, processed_at, user_id,
    anonymous_id, session_id, content_id, resource_type, resource_id, ip_address, user_agent, device, browser, os,
    referrer, referrer_source, utm_source, utm_medium, utm_campaign, country, region, city, source, data_class,
    properties, toUnixTimestamp64Milli(timestamp) AS place
FROM events
WHERE tenant = {{tenant:String}} AND {_THEIRS}
    AND (toUnixTimestamp64Milli(timestamp), toString(events.event_id)) > ({{at:Int64}}, {{id:String}})
ORDER BY toUnixTimestamp64Milli(timestamp), toString(events.event_id)
LIMIT {_PAGE}"""

_HASHES = "arrayMap(id -> sipHash64(id), {all:Array(String)})"

_SESSIONS = f"""SELECT started_at, ended_at, duration_seconds, events, page_views, entry, exit, device, browser, os,
    country
FROM user_behavior FINAL WHERE tenant = {{tenant:String}} AND person IN {_HASHES} ORDER BY started_at"""

_FREEZINGS = f"SELECT DISTINCT freezing FROM segment_members WHERE tenant = {{tenant:String}} AND person IN {_HASHES}"

_LETTERS = """SELECT toString(letter_id) AS id, received_at, reason, message, body FROM dead_letters
WHERE tenant = {tenant:String} AND (JSONExtractString(body, 'user_id') IN {users:Array(String)}
    OR JSONExtractString(body, 'anonymous_id') IN {all:Array(String)})
ORDER BY received_at"""


def _plain(name: str, value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if name == "properties":
        try:
            return json.loads(value or "{}")
        except ValueError:
            return value
    return value


def _time(ms: int) -> str:
    return from_epoch_ms(ms).isoformat()


def receipt(request: PersonRequest) -> dict[str, Any]:
    """What may be kept and shown of a request: JSON-able, without the person's id."""
    shown = {
        "id": request.id,
        "kind": request.kind,
        "subject": request.subject,
        "state": request.state,
        "actor": request.actor,
        "progress": {"done": request.done, "total": request.total},
        "created_at": _time(request.created_at),
        "started_at": _time(request.started_at) if request.started_at else None,
        "finished_at": _time(request.finished_at) if request.finished_at else None,
        "failure": request.failure or None,
    }
    told = {name: value for name, value in request.report.items() if name not in ("joined", "until")}
    if "joined" in request.report:
        told["joined_ids"] = len(request.report["joined"])
    return {**shown, **told}
