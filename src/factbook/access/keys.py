"""API keys: made, shown once, stored as digests, and told apart in microseconds from a table in memory.

A key made here is 256 random bits, so one SHA-256 is enough: a slow password hash guards guessable secrets, costs
milliseconds a request, and adds nothing where there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import DEFAULT_TENANT, Role, Scope, Tier
from factbook.events.row_filters import kept, read, told
from factbook.storage.metadata import Metadata
from factbook.storage.rows import ApiKey, Tenant

from .issuer import Issuer
from .people import People
from .role_rules import ALL, Rule, rule_for, rule_of
from .roles import require_rank
from .sign_in import SignIn
from .suspension import is_open, require_open
from .token_keys import TokenKeys

PRESETS: Mapping[str, Role] = {"FACTBOOK_ADMIN_KEY": Role.ADMIN, "FACTBOOK_WRITE_KEY": Role.WRITER}
"""Environment variables that name keys, and the role of each."""

SHORTEST = 16
LONGEST = 512
_ALPHABET = string.ascii_letters + string.digits
_SENDABLE = re.compile(r"[\x21-\x7e\u00a1-\uffff](?:[\x20-\x7e\u00a1-\uffff]*[\x21-\x7e\u00a1-\uffff])?\Z")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `key` is shown this once and stored nowhere."""

    key: str
    row: ApiKey


@dataclass(frozen=True, slots=True)
class _Known:
    digest: str
    scope: Scope
    expires_at: int | None
    revoked_at: int | None
    tenant: Tenant
    is_shut: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key was found to be, good for as long as no key has changed since."""

    table: Mapping[str, _Known]
    entry: _Known


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def make_key(role: Role) -> str:
    """`fb_<role>_<43 letters and digits>`: 256 random bits."""
    return f"fb_{role}_" + "".join(secrets.choice(_ALPHABET) for _ in range(43))


class Keys:
    """The API keys of every tenant. Thread-safe. Changes made here hold at once, others' on `refresh`."""

    def __init__(
        self, metadata: Metadata, clock: Clock, issuer: Issuer | None = None, tokens: TokenKeys | None = None
    ) -> None:
        """issuer: whose tokens are taken beside keys and our own. tokens: the keys that sign ours, where others verify
        them too."""
        self._metadata = metadata
        self.issuer = issuer
        self._clock = clock
        self._changes = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._by_id: dict[str, _Known] = {}
        self._zones: dict[str, Tenant] = {}
        self._uses: dict[str, int] = {}
        self.sign_in = SignIn(metadata, clock, tokens)
        self.people = People(metadata, clock, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Reads every key anew; the tables are swapped whole, so a concurrent look-up sees the old or the new."""
        with self._changes:
            tenants = {tenant.id: tenant for tenant in self._metadata.tenants_of_system()}
            rows = self._metadata.keys_of_system()
            known = {row.id: _known(row, tenants[row.tenant]) for row in rows if row.tenant in tenants}
            self._zones = tenants
            self._by_id = known
            self._known = {entry.digest: entry for entry in known.values()}
            self.people.take(tenants)
        self.sign_in.refresh()

    def scope(self, key: str) -> Scope:
        """What `key` may do. UNAUTHENTICATED when it is unknown, revoked or expired. Microseconds, no I/O."""
        return self._checked(self.grant(key).entry)

    def grant(self, key: str) -> Grant:
        """For `renewed`. UNAUTHENTICATED for an unknown key."""
        table, wanted = self._known, digest(key)
        # The table is found by digest, of which a caller controls no bit: timing tells nothing about a stored key.
        entry = table.get(wanted)
        if entry is None or not hmac.compare_digest(entry.digest, wanted):
            raise _refused("The API key is not known here.")
        return Grant(table, entry)

    def grant_of(self, borne: Callable[[], Scope], expires_at: int) -> Grant:
        """For `renewed`: of a token that is let in as `borne` says, until `expires_at` (epoch milliseconds)."""
        table = self._known  # first: what is read after it is no older
        scope = borne()
        tenant = self._zones[scope.tenant]
        return Grant(table, _Known("", scope, expires_at, None, tenant, not is_open(tenant)))

    def renewed(self, grant: Grant) -> Scope | None:
        """As `scope`, for a key that was sent again; None where keys have changed, and `scope` has to be asked anew.
        UNAUTHENTICATED once it has expired."""
        return self._checked(grant.entry) if grant.table is self._known else None

    def scope_of_id(self, key_id: str) -> Scope:
        """As `scope`, by the key's id: for tokens that were made with the key and end with it."""
        entry = self._by_id.get(key_id)
        if entry is None:
            raise _refused("The API key of this token is gone.")
        return self._checked(entry)

    def _checked(self, entry: _Known) -> Scope:
        now = epoch_ms(self._clock())
        if entry.revoked_at is not None:
            raise _refused("The API key was revoked.")
        if entry.expires_at is not None and entry.expires_at <= now:
            raise _refused("The API key has expired." if entry.digest else "The token has expired.")
        if entry.is_shut:
            require_open(entry.tenant)
        if entry.digest:
            self._uses[entry.scope.actor] = now
        return entry.scope

    def tenant(self, tenant: str) -> Tenant | None:
        return self._zones.get(tenant)

    def note_uses(self) -> int:
        """Writes down when keys were used last, since it was called last; returns how many keys that were."""
        uses, self._uses = self._uses, {}
        if uses:
            self._metadata.note_key_uses_of_system(uses)
        return len(uses)

    def all(self, scope: Scope) -> list[ApiKey]:
        """Every key of the tenant, revoked ones too, oldest first."""
        return self._metadata.api_keys(scope)

    def get(self, scope: Scope, key_id: str) -> ApiKey:
        """NOT_FOUND when the tenant has no such key."""
        return self._metadata.change_api_key(scope, key_id)

    def rename(self, scope: Scope, key_id: str, name: str) -> ApiKey:
        return self._metadata.change_api_key(scope, key_id, name=_named(name))

    def create(
        self,
        scope: Scope,
        name: str,
        role: Role,
        *,
        expires_at: int | None = None,
        row_filter: Any = None,
        masked: bool = False,
    ) -> NewKey:
        """A fresh key of the tenant; expires_at in epoch milliseconds. INVALID for a time that is past, and for a view
        that a role cannot have; FORBIDDEN for an owner's, unless an owner asks."""
        require_rank(scope, role)
        rule = rule_of(role, row_filter, masked)
        now = epoch_ms(self._clock())
        if expires_at is not None and expires_at <= now:
            raise invalid("A key cannot expire in the past.", field="expires_at")
        key = make_key(role)
        row = self._store(scope, key, _named(name), role, preset="", expires_at=expires_at, rule=rule)
        self.refresh()
        return NewKey(key, row)

    def revoke(self, scope: Scope, key_id: str) -> ApiKey:
        """Ends a key at once and for good; repeating it changes nothing. CONFLICT for the last admin key."""
        rows = {row.id: row for row in self.all(scope)}
        row = rows.get(key_id)
        now = epoch_ms(self._clock())
        if row is not None:
            require_rank(scope, Role(row.role))
        if row is not None and row.revoked_at is not None:
            return row
        others = [other for other in rows.values() if other.id != key_id and _administers(other, now)]
        if row is not None and _administers(row, now) and not others:
            raise FactbookError(
                Kind.CONFLICT,
                "This is the last admin key.",
                hint="Create another admin key first, or rotate this one.",
            )
        changed = self._metadata.change_api_key(scope, key_id, revoked_at=now)
        self.refresh()
        return changed

    def rotate(self, scope: Scope, key_id: str, *, overlap_seconds: int = 0) -> NewKey:
        """A fresh key with the name, role and length of life of another, which ends after `overlap_seconds`."""
        old = self.get(scope, key_id)
        if old.revoked_at is not None:
            raise FactbookError(Kind.CONFLICT, "A revoked key cannot be rotated.", hint="Create a new key.")
        if not 0 <= overlap_seconds <= 30 * 86400:
            raise invalid("The overlap is 0 to 2592000 seconds (30 days).", field="overlap_seconds")
        now = epoch_ms(self._clock())
        life = old.expires_at - old.created_at if old.expires_at is not None else None
        fresh = self.create(
            scope,
            old.name,
            Role(old.role),
            expires_at=now + life if life is not None else None,
            row_filter=told(read(old.row_filter)) or None,
            masked=old.masked,
        )
        if overlap_seconds:
            ends = now + overlap_seconds * 1000
            self._metadata.change_api_key(scope, key_id, expires_at=min(ends, old.expires_at or ends))
            self.refresh()
        else:
            self.revoke(scope, key_id)
        return fresh

    def prepare(self, presets: Mapping[str, str], *, zone: str = "UTC") -> tuple[NewKey, ...]:
        """At start: the default tenant, its preset keys, and a fresh key for each role of PRESETS that never had one.

        presets: variable → key, for those set. A preset key stays good when its variable is unset later, and is
        replaced when the variable names another. Returns what was made and must be shown now.
        INVALID for a key that is too short, cannot be sent in a header, or names two roles; CONFLICT for a revoked one.
        """
        now = epoch_ms(self._clock())
        self._metadata.ensure_tenant_of_system(DEFAULT_TENANT, now=now, zone=zone)
        scope = Scope.system(DEFAULT_TENANT, zone)
        made = []
        for variable, role in PRESETS.items():
            if presets.get(variable):
                self._preset(scope, variable, presets[variable], role)
            elif not any(row.role == role for row in self.all(scope)):
                key = make_key(role)
                made.append(NewKey(key, self._store(scope, key, _first(role), role, preset="", expires_at=None)))
        self.refresh()
        return tuple(made)

    def is_set_up(self) -> bool:
        """Whether somebody has set or made a good admin key of the default tenant; the first start's own is none."""
        now = epoch_ms(self._clock())
        rows = (row for row in self.all(Scope.system()) if _administers(row, now))
        return any(row.preset or row.name != _first(Role.ADMIN) for row in rows)

    def _preset(self, scope: Scope, variable: str, key: str, role: Role) -> None:
        if not SHORTEST <= len(key) <= LONGEST:
            raise invalid(f"{variable} has {len(key)} characters; a key has {SHORTEST} to {LONGEST}.", field=variable)
        if not _SENDABLE.match(key):
            raise invalid(
                f"{variable} cannot be sent in a header: it has control characters or begins or ends with a space.",
                field=variable,
            )
        rows = self.all(scope)
        same = next((row for row in rows if row.digest == digest(key)), None)
        if same is not None and same.revoked_at is not None:
            raise FactbookError(
                Kind.CONFLICT,
                f"{variable} names a key that was revoked.",
                field=variable,
                hint="Set it to another key, or unset it.",
            )
        if same is not None and same.role != role:
            raise invalid(f"{variable} is the same key as one with the role {same.role}.", field=variable)
        if same is not None:
            return
        earlier = next((row for row in rows if row.preset == variable and row.revoked_at is None), None)
        if earlier is None:
            self._store(scope, key, variable, role, preset=variable, expires_at=None)
        else:
            self._metadata.change_api_key(scope, earlier.id, digest=digest(key), prefix=_shown(key), last_used_at=None)

    def _store(
        self,
        scope: Scope,
        key: str,
        name: str,
        role: Role,
        *,
        preset: str,
        expires_at: int | None,
        rule: Rule = ALL,
    ) -> ApiKey:
        row = ApiKey(
            id="key_" + secrets.token_hex(8),
            tenant=scope.tenant,
            name=name,
            role=str(role),
            digest=digest(key),
            prefix=_shown(key),
            preset=preset,
            created_by=scope.actor,
            created_at=epoch_ms(self._clock()),
            expires_at=expires_at,
            row_filter=kept(rule.rows),
            masked=rule.masked,
        )
        return self._metadata.add_api_key(scope, row)


def _known(row: ApiKey, tenant: Tenant) -> _Known:
    rule = rule_for(tenant.role_rules, row.role) & Rule(read(row.row_filter), row.masked)
    scope = Scope(row.tenant, row.id, Role(row.role), Tier(tenant.tier), tenant.zone, rule.rows, rule.masked)
    return _Known(row.digest, scope, row.expires_at, row.revoked_at, tenant, not is_open(tenant))


def _first(role: Role) -> str:
    """The name of the key that the first start makes."""
    return f"first {role} key"


def _named(name: str) -> str:
    if not name.strip() or len(name) > 200:
        raise invalid("A key needs a name of 1 to 200 characters.", field="name")
    return name.strip()


def _shown(key: str) -> str:
    """Enough of a key to know it by: the part that says its role and four characters; of a preset key, an eighth."""
    head = re.match(r"fb_[a-z_]+_", key)
    return key[: head.end() + 4] if head else key[: min(4, len(key) // 8)]


def _administers(row: ApiKey, now: int) -> bool:
    return (
        row.role in (Role.ADMIN, Role.OWNER)
        and row.revoked_at is None
        and (row.expires_at is None or row.expires_at > now)
    )


def _refused(message: str) -> FactbookError:
    return FactbookError(
        Kind.UNAUTHENTICATED,
        message,
        hint="Send a key of this server as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
    )
