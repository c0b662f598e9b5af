"""What a tenant decided about people, as the way in needs it: consents, signals of browsers, erased ids, pseudonyms.

Nobody's id is kept for it: a person is known by his subject, a keyed hash (BLAKE2b) of his id under the tenant's salt.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b

from factbook.core.clock import Clock, epoch_ms, from_epoch_ms
from factbook.core.scope import Scope
from factbook.storage.metadata import Metadata
from factbook.storage.privacy_rows import PrivacySettings

TRACKING = "analytics"
"""The purpose without which nobody is tracked."""

SUBJECT, FIXED = "subject", "fixed"
"""Salts of subjects and of pseudonyms that stay; a pseudonym of a day has a salt of that day's name."""

_OVERLAP_MS = 120_000
"""How far back changes of other processes are read again: clocks differ, and transactions take their time."""


def keyed(salt: str, id_: str) -> str:
    """32 hexadecimal digits."""
    return blake2b(id_.encode("utf-8", "surrogatepass"), key=salt.encode()[:64], digest_size=16).hexdigest()


@dataclass(slots=True)
class Decided:
    """Of one tenant. given, withheld: subjects who agreed to tracking, or did not. erased: subjects, for refusing."""

    settings: PrivacySettings
    salt: str
    salts: Mapping[str, str] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    erased: frozenset[str] = frozenset()

    @property
    def is_idle(self) -> bool:
        """Whether no event can be touched by it."""
        settings = self.settings
        open_to_all = settings.consent == "ignored" or (settings.consent == "opt_out" and not self.withheld)
        return open_to_all and not settings.signals and settings.ids == "kept" and not self.erased

    def refuses(self, user: str | None, visitor: str | None, *, objects: bool) -> str:
        """Why an event of these ids is not to be taken; empty where it is. objects: the sender's browser said so."""
        if objects and self.settings.signals:
            return "objected"
        if not (user or visitor) or (not self.erased and self.settings.consent == "ignored"):
            return ""
        subjects = {keyed(self.salt, id_) for id_ in (user, visitor) if id_}
        if not self.erased.isdisjoint(subjects):
            return "erased"
        if self.settings.consent != "ignored" and not self.withheld.isdisjoint(subjects):
            return "no_consent"
        if self.settings.consent == "opt_in" and self.given.isdisjoint(subjects):
            return "no_consent"
        return ""

    def pseudonym(self, id_: str, day: str) -> str:
        """What is kept in place of `id_`."""
        name = FIXED if self.settings.ids == "fixed" else day
        return keyed(self.salts[name], id_)


class Personal:
    """Look-ups cost a dict access. Changes made here hold at once, others' on `refresh`."""

    def __init__(self, metadata: Metadata, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._changes = threading.Lock()
        self._decided: dict[str, Decided] = {}
        self._all: dict[str, Decided] = {}
        self._read_until = 0
        self.refresh()

    def of(self, tenant: str) -> Decided | None:
        """None where nothing that the tenant decided touches an event."""
        return self._decided.get(tenant)

    def refresh(self) -> None:
        """Takes over what was decided since; makes the salts of today and tomorrow, and forgets those long past."""
        rows, now = self._metadata.privacy, epoch_ms(self._clock())
        with self._changes:
            settings, erased = rows.settings_of_system(), rows.erased_of_system()
            consents = rows.consents_of_system(since=max(0, self._read_until - _OVERLAP_MS))
            known = {*settings, *erased, *self._all, *(consent.tenant for consent in consents)}
            alive = {tenant.id for tenant in self._metadata.tenants_of_system()}
            fresh = {tenant: self._of(tenant, settings, erased) for tenant in sorted(known & alive)}
            for consent in consents:
                if consent.tenant in fresh and TRACKING in consent.purposes:
                    one = fresh[consent.tenant]
                    agreed = consent.purposes[TRACKING]
                    (one.given if agreed else one.withheld).add(consent.subject)
                    (one.withheld if agreed else one.given).discard(consent.subject)
            self._all = fresh
            self._decided = {tenant: one for tenant, one in fresh.items() if not one.is_idle}
            self._read_until = now
            days = [self.day(now), self.day(now + 86_400_000)]
            rows.forget_salts_of_system([SUBJECT, FIXED, *days], before=now - 2 * 86_400_000)

    def day(self, ms: int) -> str:
        return f"{from_epoch_ms(ms):%Y-%m-%d}"

    def subject(self, scope: Scope, id_: str) -> str:
        """By which a person is known in consents, erasures and the audit trail."""
        return keyed(self._salt(scope, SUBJECT), id_)

    def names_of(self, scope: Scope, id_: str) -> list[str]:
        """What stands in place of `id_` in events: itself, and the pseudonyms whose salts there are."""
        salts = self._metadata.privacy.salts(scope)
        return [id_, *(keyed(salt, id_) for name, salt in sorted(salts.items()) if name != SUBJECT)]

    def _of(self, tenant: str, settings: Mapping[str, PrivacySettings], erased: Mapping[str, set[str]]) -> Decided:
        scope = Scope.system(tenant)
        own = settings.get(tenant, PrivacySettings())
        before = self._all.get(tenant)
        now = self._clock()
        names = {"fixed": (FIXED,), "daily": tuple(self.day(epoch_ms(now + timedelta(days=n))) for n in (0, 1))}
        kept = before.salts if before else {}
        return Decided(
            settings=own,
            salt=before.salt if before else self._salt(scope, SUBJECT),
            salts={name: kept.get(name) or self._salt(scope, name) for name in names.get(own.ids, ())},
            given=set(before.given) if before else set(),
            withheld=set(before.withheld) if before else set(),
            erased=frozenset(erased.get(tenant, ())) if own.erased == "refused" else frozenset(),
        )

    def _salt(self, scope: Scope, name: str) -> str:
        return self._metadata.privacy.salt(scope, name, secrets.token_hex(32), now=epoch_ms(self._clock()))
