"""Dead letters read back, counted, and sent in again: at most once into the warehouse, however often it is tried."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid, not_found, unavailable
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.rows import LetterOutcome
from factbook.storage.warehouse import Warehouse

from .batch import Origin
from .receipts import Receipt
from .steps import id_bytes

MAX_LIMIT = 10_000
OUTCOME_DAYS = 45
"""Outcomes outlive their letters, which the warehouse keeps for 30 days."""

_PATIENCE_SECONDS = 30.0
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COLUMNS = "toString(letter_id) AS letter_id, received_at, reason, field, message, event_id, source, body"


class Submitter(Protocol):
    """The way in, as far as dead letters need it."""

    def submit(self, scope: Scope, body: bytes, origin: Origin) -> Any:
        """A future of a Receipt."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """body: what was sent, as text; it need not be JSON. event_id: the client's, where it could be read."""

    letter_id: str
    received_at: datetime
    reason: str
    field: str
    message: str
    event_id: str
    source: str
    body: str


@dataclass(frozen=True, slots=True)
class LetterPage:
    letters: list[DeadLetter]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ReasonCount:
    reason: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class Resubmission:
    """result: accepted, or duplicate (its event was counted before). repeated: this was settled by an earlier call."""

    letter_id: str
    result: str
    event_id: str
    repeated: bool


class DeadLetters:
    """Reads are scoped; a letter that was sent in again is gone from them. Methods may be called from any thread."""

    def __init__(
        self, engine: Engine, warehouse: Warehouse, metadata: Metadata, intake: Submitter, clock: Clock
    ) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._metadata = metadata
        self._intake = intake
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def page(self, scope: Scope, *, reason: str = "", limit: int = 100, cursor: str = "") -> LetterPage:
        """Newest first. INVALID for a limit out of range or a cursor that is none of ours."""
        if not 1 <= limit <= MAX_LIMIT:
            raise invalid(f"limit is 1 to {MAX_LIMIT}.", field="limit")
        parameters = Parameters()
        where = "tenant = {tenant:String}"
        if reason:
            where += f" AND reason = {parameters.add(reason, 'String')}"
        if cursor:
            at, letter_id = _opened(cursor)
            moment = f"fromUnixTimestamp64Milli({parameters.add(at, 'Int64')}, 'UTC')"
            where += f" AND (received_at, dead_letters.letter_id) < ({moment}, {parameters.add(letter_id, 'UUID')})"
        rows = self._warehouse.records(
            scope,
            f"SELECT {_COLUMNS} FROM dead_letters WHERE {where}"
            f" ORDER BY received_at DESC, dead_letters.letter_id DESC LIMIT {limit + 1}",
            parameters.values,
        )
        letters = [_letter(row) for row in rows[:limit]]
        return LetterPage(letters, _sealed(letters[-1]) if len(rows) > limit else None)

    def get(self, scope: Scope, letter_id: str) -> DeadLetter:
        """NOT_FOUND when there is none, or it was sent in again since."""
        letter = self._find(scope, _uuid(letter_id))
        if letter is None:
            raise _unknown(letter_id)
        return letter

    def stats(self, scope: Scope) -> list[ReasonCount]:
        """By reason, the most frequent first."""
        rows = self._warehouse.rows(
            scope,
            "SELECT reason, count() AS letters, min(received_at), max(received_at) FROM dead_letters"
            " WHERE tenant = {tenant:String} GROUP BY reason ORDER BY letters DESC, reason",
        )
        return [ReasonCount(str(row[0]), int(row[1]), _aware(row[2]), _aware(row[3])) for row in rows]

    def resubmit(
        self, scope: Scope, letter_id: str, event: bytes | None = None, *, history: bool = False
    ) -> Resubmission:
        """Sends a letter in again: as it was, or `event` (one JSON object) in its place.

        The event carries the letter's own id whatever `event` says, so that trying again, at once or after a crash,
        counts it once. history lifts the limit on its age. Once it is accepted the letter is gone. INVALID naming the
        field when it is refused again: what was sent then stands as a letter of its own, in place of this one.
        """
        wanted = str(_uuid(letter_id))
        with self._one_at_a_time:
            outcome = self._metadata.letter_outcome(scope, wanted)
            if outcome is not None:
                return self._repeated(scope, outcome)
            letter = self._find(scope, UUID(wanted))
            if letter is None:
                raise _unknown(letter_id)
            identity = _identity(letter)
            body = _with(event if event is not None else letter.body.encode(), letter, identity)
            counted = self._counted(scope, identity)
            if counted is not None:
                return self._settle(scope, LetterOutcome(scope.tenant, wanted, "duplicate", counted, "", self._now()))
            receipt = self._submit(scope, body, Origin(source=letter.source or "http", history=history))
            if receipt.errors:
                self._refused_again(scope, wanted, receipt)
            result = "accepted" if receipt.accepted else "duplicate"
            return self._settle(scope, LetterOutcome(scope.tenant, wanted, result, receipt.ids[0], "", self._now()))

    def _submit(self, scope: Scope, body: bytes, origin: Origin) -> Receipt:
        try:
            receipt: Receipt = self._intake.submit(scope, body, origin).result(timeout=_PATIENCE_SECONDS)
        except TimeoutError:
            raise unavailable("The way in does not answer.", retry_after=5.0, hint="Send the letter again.") from None
        return receipt

    def _settle(self, scope: Scope, outcome: LetterOutcome) -> Resubmission:
        # First what became of it, then the letter: a crash between the two leaves a letter that is known to be done.
        self._metadata.set_letter_outcome(scope, outcome)
        self._remove(scope, outcome.letter_id)
        return Resubmission(outcome.letter_id, outcome.result, outcome.event_id, repeated=False)

    def _repeated(self, scope: Scope, outcome: LetterOutcome) -> Resubmission:
        if self._find(scope, UUID(outcome.letter_id)) is not None:
            self._remove(scope, outcome.letter_id)
        if outcome.successor:
            raise FactbookError(
                Kind.CONFLICT,
                "This letter was refused again; what was sent then is a letter of its own.",
                hint=f"Go on with the letter {outcome.successor}.",
                details={"letter_id": outcome.successor},
            )
        return Resubmission(outcome.letter_id, outcome.result, outcome.event_id, repeated=True)

    def _refused_again(self, scope: Scope, letter_id: str, receipt: Receipt) -> None:
        error = receipt.errors[0]
        if error.letter_id:
            self._settle(scope, LetterOutcome(scope.tenant, letter_id, "superseded", "", error.letter_id, self._now()))
        raise FactbookError(
            Kind.INVALID,
            f"The event was refused again: {error.message}",
            field=error.field or None,
            hint="Send a corrected event; a time that lies too far back is taken with `history`."
            if error.reason == "too_old"
            else "Send a corrected event as `event`.",
            details={"reason": error.reason, "letter_id": error.letter_id or letter_id},
        )

    def _find(self, scope: Scope, letter_id: UUID) -> DeadLetter | None:
        parameters = Parameters()
        rows = self._warehouse.records(
            scope,
            f"SELECT {_COLUMNS} FROM dead_letters WHERE tenant = {{tenant:String}}"
            f" AND dead_letters.letter_id = {parameters.add(letter_id, 'UUID')} LIMIT 1",
            parameters.values,
        )
        return _letter(rows[0]) if rows else None

    def _counted(self, scope: Scope, identity: str) -> str | None:
        """The id of the event that carries `identity`, when the warehouse has it: however long ago it came in."""
        event_id = UUID(bytes=id_bytes(identity))
        parameters = Parameters()
        rows = self._warehouse.rows(
            scope,
            "SELECT 1 FROM events WHERE tenant = {tenant:String}"
            f" AND event_id = {parameters.add(event_id, 'UUID')} LIMIT 1",
            parameters.values,
        )
        return str(event_id) if rows else None

    def _remove(self, scope: Scope, letter_id: str) -> None:
        self._engine.command(
            "DELETE FROM dead_letters WHERE tenant = {tenant:String} AND letter_id = {letter:UUID}",
            {"tenant": scope.tenant, "letter": UUID(letter_id)},
        )

    def _now(self) -> int:
        return epoch_ms(self._clock())


def _identity(letter: DeadLetter) -> str:
    """The id under which the letter's event is counted.

    The client's own, so that his sending it again is a duplicate. One of ours where he gave none, where his was what
    was wrong, and where the warehouse refused the row: that id, once acknowledged, would be taken for a duplicate.
    """
    own = letter.event_id and letter.field not in ("id", "event_id") and letter.reason != "refused_by_warehouse"
    return letter.event_id if own else str(uuid5(NAMESPACE_URL, f"urn:factbook:dead-letter:{letter.letter_id}"))


def _with(body: bytes, letter: DeadLetter, identity: str) -> bytes:
    """`body` under the letter's id, and at the time it first came where it has none of its own; all else untouched."""
    try:
        members: dict[str, msgspec.Raw] = _MEMBERS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise invalid(
            "What was sent is not one JSON object.", field="event", hint="Send the corrected event as `event`."
        ) from None
    if "events" in members and "event_type" not in members:
        raise invalid("A letter becomes one event, not a batch.", field="event", hint="Send one event as `event`.")
    members.pop("event_id", None)
    members["id"] = msgspec.Raw(msgspec.json.encode(identity))
    if bytes(members.get("timestamp", b"null")) == b"null":
        members["timestamp"] = msgspec.Raw(msgspec.json.encode(letter.received_at))
    return msgspec.json.encode(members)


def _letter(row: Mapping[str, Any]) -> DeadLetter:
    return DeadLetter(**{**row, "received_at": _aware(row["received_at"])})


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _uuid(letter_id: str) -> UUID:
    try:
        return UUID(letter_id)
    except ValueError:
        raise _unknown(letter_id) from None


def _unknown(letter_id: str) -> FactbookError:
    return not_found(
        f"There is no dead letter {letter_id[:64]!r}.",
        hint="One that was just made shows within a second; one that was sent in again is gone.",
    )


def _sealed(letter: DeadLetter) -> str:
    return base64.urlsafe_b64encode(f"{epoch_ms(letter.received_at)} {letter.letter_id}".encode()).decode()


def _opened(cursor: str) -> tuple[int, UUID]:
    try:
        at, letter_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().split(" ")
        return int(at), UUID(letter_id)
    except (binascii.Error, ValueError):
        raise invalid("This cursor is none of ours.", field="cursor", hint="Send `next_cursor` as it came.") from None
