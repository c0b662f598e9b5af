"""People: who they are, what they may do and see, their passwords and the links that set one, and how they sign in."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import DEFAULT_TENANT, Role, Scope, Tier
from factbook.events.row_filters import kept, read, told
from factbook.storage.metadata import Metadata
from factbook.storage.people import PersonRow
from factbook.storage.rows import Tenant

from .attempts import Attempts, refused
from .passwords import Passwords
from .role_rules import Rule, rule_for, rule_of
from .roles import require_rank
from .suspension import require_open

PREFIX = "person_"
LINK_SECONDS = 48 * 3600
ROLES = (Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER, Role.ADMIN, Role.OWNER)
"""What a person may be; a writer is a key."""

LEADS: Mapping[str, frozenset[str]] = {
    Role.OWNER: frozenset({Role.OWNER}),
    Role.ADMIN: frozenset({Role.ADMIN, Role.OWNER}),
}
"""The last one cannot go: role → the roles that may take the place."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\Z")
_LONGEST_EMAIL = 254
_LONGEST_KEY = 320
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Link:
    """Sets a password, once. token: shown this once and stored nowhere. expires_at: epoch milliseconds."""

    token: str
    expires_at: int

    @property
    def path(self) -> str:
        """Where it leads; behind the hash, which browsers send to no server and no log holds."""
        return f"/set-password#{self.token}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in now. generation: of his sessions."""

    scope: Scope
    generation: int


@dataclass(frozen=True, slots=True)
class _Known:
    row: PersonRow
    scope: Scope
    tenant: Tenant


class People:
    """The people of every tenant. Thread-safe. Changes made here hold at once, others' when `take` is called."""

    def __init__(
        self, metadata: Metadata, clock: Clock, refresh: Callable[[], None], passwords: Passwords | None = None
    ) -> None:
        """refresh: has `take` called."""
        self._rows = metadata.people
        self._clock = clock
        self._refresh = refresh
        self._passwords = passwords or Passwords()
        self._attempts = Attempts(metadata.people, clock)
        self._known: Mapping[str, _Known] = {}

    def take(self, tenants: Mapping[str, Tenant]) -> None:
        """Reads everybody anew; swapped whole, so a concurrent look-up sees the old or the new."""
        rows = self._rows.all_of_system()
        self._known = {row.id: _known(row, tenants[row.tenant]) for row in rows if row.tenant in tenants}

    # Who is signed in

    def scope(self, person_id: str, generation: int) -> Scope:
        """What the person may do now. UNAUTHENTICATED when he is gone, disabled or his sessions were ended; FORBIDDEN
        while his tenant is suspended. Microseconds, no I/O."""
        known = self._known.get(person_id)
        if known is None or known.row.disabled_at is not None or known.row.generation != generation:
            raise FactbookError(Kind.UNAUTHENTICATED, "This session has ended.", hint="Sign in again.")
        require_open(known.tenant)
        return known.scope

    def sign_in(self, email: str, password: str, *, tenant: str | None = None) -> Person:
        """Who this is. tenant: where the address is known in several; else that of the default tenant, or the oldest.

        UNAUTHENTICATED with the same sentence, after the same work, whether the person is unknown, disabled, without a
        password, or the password wrong; LIMITED with that sentence once there were too many attempts with the address,
        whether anybody has it or not. FORBIDDEN while the tenant is suspended.
        """
        key = email_key(email)
        row = self._of_email(key, tenant)
        self._check(key, row, password)
        assert row is not None
        return self._signed_in(row, password)

    def change_password(self, scope: Scope, old: str, new: str) -> Person:
        """Of whoever asks; all his sessions end. UNAUTHENTICATED and LIMITED as `sign_in`, INVALID for a bad one."""
        row = self.own(scope)
        self._check(row.email_key, row, old)
        hashed = self._passwords.hashed(new, beside=row.email, field="new_password")
        values = {"password": hashed, "generation": row.generation + 1, "link_digest": None, "link_expires_at": None}
        return self._again(self._rows.change(scope, row.id, values, leads=LEADS))

    def set_password(self, token: str, new: str) -> Person:
        """Of whose link it is, which is spent by it; all his sessions end. UNAUTHENTICATED for a link that is not good
        any more, INVALID for a bad password, which leaves the link as it is."""
        digest, now = _digest(token), epoch_ms(self._clock())
        row = self._rows.by_link_of_system(digest)
        if row is None or row.link_expires_at is None or row.link_expires_at <= now or row.disabled_at is not None:
            raise _spent()
        values = {"password": self._passwords.hashed(new, beside=row.email), "last_sign_in_at": now}
        if not self._rows.spend_link_of_system(digest, values, now=now):
            raise _spent()
        self._refresh()
        known = self._known.get(row.id)
        if known is None:
            raise _spent()
        return Person(self.scope(row.id, known.row.generation), known.row.generation)

    def own(self, scope: Scope) -> PersonRow:
        """Who asks. FORBIDDEN for keys and sign-in lines."""
        if not scope.actor.startswith(PREFIX):
            raise FactbookError(
                Kind.FORBIDDEN, "Only a person has a password.", hint="Sign in with e-mail address and password."
            )
        return self._rows.get(scope, scope.actor)

    def find(self, scope: Scope) -> PersonRow | None:
        """Who asks, None where that is no person. No I/O."""
        known = self._known.get(scope.actor)
        return known.row if known else None

    def are_known(self) -> bool:
        """Whether there is anybody, in any tenant."""
        return bool(self._known)

    def generation(self, scope: Scope) -> int:
        """Of the sessions of whoever asks, 0 where that is no person."""
        row = self.find(scope)
        return row.generation if row else 0

    # Administering

    def all(self, scope: Scope) -> list[PersonRow]:
        """Everybody of the tenant, oldest first."""
        return self._rows.listed(scope)

    def get(self, scope: Scope, person_id: str) -> PersonRow:
        """NOT_FOUND when the tenant has no such person."""
        return self._rows.get(scope, person_id)

    def invite(
        self, scope: Scope, email: str, name: str, role: Role, *, row_filter: Any = None, masked: bool = False
    ) -> tuple[PersonRow, Link]:
        """A new person without a password, and the link that sets one. CONFLICT where the address is taken."""
        require_rank(scope, role)
        rule = rule_of(_role(role), row_filter, masked)
        link = self._link()
        row = PersonRow(
            id=PREFIX + secrets.token_hex(8),
            tenant=scope.tenant,
            email=_email(email),
            email_key=email_key(email),
            name=_name(name),
            role=str(role),
            generation=1,
            created_by=scope.actor,
            created_at=epoch_ms(self._clock()),
            row_filter=kept(rule.rows),
            masked=rule.masked,
            link_digest=_digest(link.token),
            link_expires_at=link.expires_at,
        )
        self._rows.add(scope, row)
        self._refresh()
        return row, link

    def change(self, scope: Scope, person_id: str, changes: Mapping[str, Any]) -> PersonRow:
        """`changes`: email, name, role, disabled, row_filter, masked; what is not named stays.

        FORBIDDEN for one's own role, disabling or view, and for owners unless an owner asks; CONFLICT for the last
        owner or admin.
        """
        row = self._ranked(scope, person_id)
        own = sorted(set(changes) - {"email", "name"})
        if person_id == scope.actor and own:
            raise FactbookError(
                Kind.FORBIDDEN, f"Nobody changes his own {own[0]}.", field=own[0], hint="Ask another admin."
            )
        role = _role(changes.get("role", row.role))
        require_rank(scope, role)
        view = changes["row_filter"] if "row_filter" in changes else _filter(row)
        rule = rule_of(role, view, bool(changes.get("masked", row.masked)))
        values: dict[str, Any] = {"role": str(role), "row_filter": kept(rule.rows), "masked": rule.masked}
        if "email" in changes:
            values |= {"email": _email(changes["email"]), "email_key": email_key(changes["email"])}
        if "name" in changes:
            values["name"] = _name(changes["name"])
        if "disabled" in changes and changes["disabled"] != (row.disabled_at is not None):
            ended = {"generation": row.generation + 1, "link_digest": None, "link_expires_at": None}
            values |= (
                {"disabled_at": epoch_ms(self._clock()), **ended} if changes["disabled"] else {"disabled_at": None}
            )
        changed = self._rows.change(scope, person_id, values, leads=LEADS)
        self._refresh()
        return changed

    def reset(self, scope: Scope, person_id: str) -> tuple[PersonRow, Link]:
        """A fresh link that sets a password; the one before is not good any more, the password stays until then.

        CONFLICT for somebody disabled."""
        row = self._ranked(scope, person_id)
        if row.disabled_at is not None:
            raise FactbookError(Kind.CONFLICT, "This person is disabled.", hint="Enable the person first.")
        link = self._link()
        values = {"link_digest": _digest(link.token), "link_expires_at": link.expires_at}
        return self._rows.change(scope, person_id, values, leads=LEADS), link

    def remove(self, scope: Scope, person_id: str) -> PersonRow:
        """For good, with all sessions. FORBIDDEN for oneself; CONFLICT for the last owner or admin."""
        self._ranked(scope, person_id)
        if person_id == scope.actor:
            raise FactbookError(Kind.FORBIDDEN, "Nobody removes himself.", hint="Ask another admin.")
        gone = self._rows.remove(scope, person_id, leads=LEADS)
        self._refresh()
        return gone

    def _ranked(self, scope: Scope, person_id: str) -> PersonRow:
        row = self._rows.get(scope, person_id)
        require_rank(scope, Role(row.role))
        return row

    def _link(self) -> Link:
        return Link(secrets.token_urlsafe(32), epoch_ms(self._clock()) + LINK_SECONDS * 1000)

    def _check(self, key: str, row: PersonRow | None, password: str) -> None:
        attempt = self._attempts.begin(key)
        usable = row is not None and row.disabled_at is None
        if not self._passwords.matches(password, row.password if row and usable else None):
            raise refused(Kind.UNAUTHENTICATED)
        self._attempts.withdraw(attempt)

    def _of_email(self, key: str, tenant: str | None) -> PersonRow | None:
        found = self._rows.by_email_of_system(key) if _EMAIL.match(key) else []
        if tenant is not None:
            return next((row for row in found if row.tenant == tenant), None)
        return next((row for row in found if row.tenant == DEFAULT_TENANT), found[0] if found else None)

    def _signed_in(self, row: PersonRow, password: str) -> Person:
        assert row.password is not None
        person = self._again(row)
        fresh = self._passwords.again(password) if self._passwords.is_stale(row.password) else None
        now = epoch_ms(self._clock())
        self._rows.note_sign_in(person.scope, row.id, at=now, password=row.password, fresh=fresh)
        return person

    def _again(self, row: PersonRow) -> Person:
        """A person as the table says, which another process may have changed since it was read here."""
        known = self._known.get(row.id)
        if known is None or known.row != row:
            self._refresh()
        return Person(self.scope(row.id, row.generation), row.generation)


def email_key(email: str) -> str:
    """As addresses are compared: whatever the case."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()[:_LONGEST_KEY]


def row_scope(row: PersonRow, tenant: Tenant) -> Scope:
    """What the person may do and see."""
    rule = rule_for(tenant.role_rules, row.role) & Rule(read(row.row_filter), row.masked)
    return Scope(row.tenant, row.id, Role(row.role), Tier(tenant.tier), tenant.zone, rule.rows, rule.masked)


def _known(row: PersonRow, tenant: Tenant) -> _Known:
    return _Known(row, row_scope(row, tenant), tenant)


def _filter(row: PersonRow) -> Any:
    return told(read(row.row_filter))


def _email(email: str) -> str:
    plain = email.strip()
    if not _EMAIL.match(plain) or len(plain) > _LONGEST_EMAIL or len(email_key(plain)) >= _LONGEST_KEY:
        raise invalid("This is not an e-mail address.", field="email", hint="For example ada@example.com.")
    return plain


def _name(name: str) -> str:
    if len(name) > _LONGEST_NAME or any(ord(character) < 32 for character in name):
        raise invalid(f"A name has at most {_LONGEST_NAME} characters, on one line.", field="name")
    return name.strip()


def _role(role: str) -> Role:
    if role not in ROLES:
        raise invalid(f"A person cannot be {role}.", field="role", hint=f"Use {', '.join(ROLES)}.")
    return Role(role)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _spent() -> FactbookError:
    return FactbookError(
        Kind.UNAUTHENTICATED,
        "This link is not good any more: it was used, replaced, or is older than 48 hours.",
        hint="Ask an admin for another.",
    )
