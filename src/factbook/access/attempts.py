"""How often somebody tried to sign in: counted in the metadata, so that it holds across processes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind
from factbook.storage.people import PeopleRows

MOST = 5
LOCK_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Attempt:
    account: str
    at: int


class Attempts:
    """MOST wrong ones within LOCK_SECONDS lock an e-mail address for LOCK_SECONDS, whether anybody has it or not."""

    def __init__(self, rows: PeopleRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def begin(self, email_key: str) -> Attempt:
        """Counted before the password is looked at, so that many at once get no more tries. LIMITED while locked."""
        account = hashlib.sha256(email_key.encode("utf-8", "surrogatepass")).hexdigest()
        now = epoch_ms(self._clock())
        until = self._rows.attempt_of_system(account, now=now, window=LOCK_SECONDS * 1000, most=MOST)
        if until is not None:
            raise refused(Kind.LIMITED, retry_after=(until - now) / 1000)
        return Attempt(account, now)

    def withdraw(self, attempt: Attempt) -> None:
        """It was a right one."""
        self._rows.withdraw_attempt_of_system(attempt.account, attempt.at)


def refused(kind: Kind, retry_after: float | None = None) -> FactbookError:
    """The one sentence for who is unknown, wrong or locked."""
    return FactbookError(
        kind,
        "E-mail address and password do not match, or there were too many attempts.",
        hint=f"{MOST} wrong ones within {LOCK_SECONDS // 60} minutes lock for {LOCK_SECONDS // 60} minutes. "
        "An admin can make a link that sets a new password.",
        retry_after=retry_after,
    )
