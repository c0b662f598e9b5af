"""Where a load puts its events: one small protocol, and its in-process side over the intake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Signal
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay
from tenacity.nap import sleep_using_event

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Scope

from .intake import Intake, Mark, Origin

PATIENCE_SECONDS = 600.0
"""How long one batch is offered again to a warehouse that is busy or down before the load gives up."""

_LONGEST_WAIT_SECONDS = 30.0
_BUSY = (Kind.LIMITED, Kind.UNAVAILABLE)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Refused:
    """One event of a batch that was not kept; `index` is its place in the batch, `reason` a typed word."""

    index: int
    field: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one batch, all of it durable; the refused ones stand among the dead letters."""

    accepted: int
    duplicates: int
    refused: tuple[Refused, ...] = ()


class Sink(Protocol):
    def position(self, source: str) -> int:
        """How far `source` has been loaded: everything before this position is in; 0 for nothing."""

    def send(self, body: bytes, source: str, position: int) -> Sent:
        """Returns when `body` (a JSON array of events) is durable, and with it that `source` is in up to `position`.

        Waits while the other side is busy; raises FactbookError when it stays so or refuses the whole.
        """


class IntakeSink:
    """Loads into this process's own intake, for one tenant; setting `stop` ends the load with UNAVAILABLE."""

    def __init__(
        self,
        intake: Intake,
        scope: Scope,
        *,
        origin: str = "load",
        patience: float = PATIENCE_SECONDS,
        stop: Signal | None = None,
    ) -> None:
        self._intake = intake
        self._scope = scope
        self._origin = Origin(source=origin, history=True)
        self._patience = patience
        self._stop = stop or Signal()

    def position(self, source: str) -> int:
        return self._intake.position(source_of(self._scope, source))

    def send(self, body: bytes, source: str, position: int) -> Sent:
        if self._stop.is_set():
            raise unavailable("The load was stopped.", hint="The same command goes on from there.")
        mark = Mark(source_of(self._scope, source), position)

        def attempt() -> Sent:
            receipt = self._intake.submit(self._scope, body, self._origin, mark=mark).result()
            refused = tuple(Refused(e.index, e.field, e.reason, e.message) for e in receipt.errors)
            return Sent(receipt.accepted, receipt.duplicates, refused)

        return patiently(attempt, self._patience, self._stop)


def source_of(scope: Scope, source: str) -> str:
    """The name under which a tenant's load is marked: two tenants may load the same file."""
    return f"{scope.tenant}/{source}"


def patiently(
    attempt: Callable[[], Result], patience: float, stop: Signal, notice: Callable[[FactbookError], None] | None = None
) -> Result:
    """The result of `attempt`, tried again while it raises LIMITED or UNAVAILABLE, for up to `patience` seconds.

    Waits as long as the error's `retry_after` says, else longer each time; setting `stop` ends a wait at once.
    """

    def busy(error: BaseException) -> bool:
        return isinstance(error, FactbookError) and error.kind in _BUSY and not stop.is_set()

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, FactbookError) else None
        return min(asked if asked is not None else 0.1 * 2**state.attempt_number, _LONGEST_WAIT_SECONDS)

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if notice and isinstance(error, FactbookError):
            notice(error)

    retrying = Retrying(
        retry=retry_if_exception(busy),
        wait=wait,
        stop=stop_after_delay(patience),
        sleep=sleep_using_event(stop),
        before_sleep=before_sleep,
        reraise=True,
    )
    return retrying(attempt)
