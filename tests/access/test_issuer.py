"""Tokens that somebody else signed: good by key, issuer, audience and time, and refused where one of them is not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from factbook.access import gate
from factbook.access.issuer import Issuer, issuer_of
from factbook.access.key_sets import KeysNeededError
from factbook.access.keys import Keys
from factbook.core.errors import FactbookError, Kind
from factbook.core.outgoing import Outgoing
from factbook.core.scope import Role, Scope
from factbook.core.security_sections import Jwt
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock

from .issuing import NAME, Key, Published, publishing

SECRET = "a shared secret of 32 characters or more"
RSA, EC, ED = Key("RS256", "rsa-1"), Key("ES256", "ec-1"), Key("EdDSA", "ed-1")


@pytest.fixture
def published() -> Iterator[Published]:
    with publishing() as found:
        found.keys = [RSA.public(), EC.public(), ED.public()]
        yield found


@pytest.fixture
def issuer(published: Published, clock: SetClock) -> Issuer:
    return trusting(clock, jwks_url=published.url)


def trusting(clock: SetClock, **settings: Any) -> Issuer:
    made = issuer_of(Jwt.model_validate({"issuer": NAME, **settings}), clock, Outgoing())
    assert made
    if made.keys:
        made.keys.fetch()
    return made


def claims(clock: SetClock, **more: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    good = {"iss": NAME, "aud": "factbook", "iat": now, "exp": now + 600, "sub": "ada", "tenant": "shop"}
    return {name: value for name, value in {**good, "role": "analyst", **more}.items() if value is not None}


def refused(issuer: Issuer, token: str) -> FactbookError:
    with pytest.raises(FactbookError) as error:
        issuer.bearer(token)
    return error.value


@pytest.mark.parametrize("key", [RSA, EC, ED], ids=lambda key: key.algorithm)
def test_a_token_with_a_published_key_is_taken(issuer: Issuer, clock: SetClock, key: Key) -> None:
    known = issuer.bearer(key.sign(claims(clock)))
    assert known
    assert (known.bearer.tenant, known.bearer.actor, known.bearer.role) == ("shop", "jwt:ada", Role.ANALYST)


def test_a_token_with_the_shared_secret_is_taken(clock: SetClock) -> None:
    token = jwt.encode(claims(clock), SECRET, "HS256")
    assert trusting(clock, secret=SECRET).bearer(token)


def test_keys_are_read_from_a_file_too(clock: SetClock, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [ED.public()]}))
    assert trusting(clock, jwks_file=file).bearer(ED.sign(claims(clock)))


def test_a_token_of_another_issuer_is_none_of_this_one(issuer: Issuer, clock: SetClock) -> None:
    assert issuer.bearer(RSA.sign(claims(clock, iss="https://other.example"))) is None
    assert issuer.bearer("eyJ.no.token") is None


def test_expired_and_early_tokens_are_refused_past_the_leeway(issuer: Issuer, clock: SetClock) -> None:
    now = int(clock().timestamp())
    assert issuer.bearer(RSA.sign(claims(clock, exp=now - 29, jti="late")))
    assert "expired" in refused(issuer, RSA.sign(claims(clock, exp=now - 30))).message
    assert issuer.bearer(RSA.sign(claims(clock, nbf=now + 30, jti="early")))
    assert "not good yet" in refused(issuer, RSA.sign(claims(clock, nbf=now + 31))).message
    assert "no numbers" in refused(issuer, RSA.sign(claims(clock, nbf="soon"))).message


@pytest.mark.parametrize("claim", ["exp", "aud"])
def test_a_token_without_a_needed_claim_is_refused(issuer: Issuer, clock: SetClock, claim: str) -> None:
    error = refused(issuer, RSA.sign(claims(clock, **{claim: None})))
    assert (error.kind, claim in error.message) == (Kind.UNAUTHENTICATED, True)


def test_a_token_for_another_audience_is_refused(issuer: Issuer, clock: SetClock) -> None:
    assert "audience" in refused(issuer, RSA.sign(claims(clock, aud="payroll"))).message
    assert issuer.bearer(RSA.sign(claims(clock, aud=["payroll", "factbook"])))


def test_no_signature_is_no_token(issuer: Issuer, clock: SetClock) -> None:
    for algorithm in ("none", "None", "NONE", "nOnE"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).rstrip(b"=")
        body = base64.urlsafe_b64encode(json.dumps(claims(clock)).encode()).rstrip(b"=")
        assert refused(issuer, b".".join((head, body, b"")).decode()).kind is Kind.UNAUTHENTICATED


def test_a_public_key_is_no_shared_secret(published: Published, clock: SetClock) -> None:
    """Algorithm confusion: HS256 with the bytes of the published key, in the forms an attacker has."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = RSA.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for issuer in (trusting(clock, jwks_url=published.url), trusting(clock, jwks_url=published.url, secret=SECRET)):
        for secret in (pem, der, pem.strip(), json.dumps(RSA.public()).encode()):
            assert refused(issuer, forged(claims(clock), secret)).kind is Kind.UNAUTHENTICATED


def forged(payload: dict[str, Any], secret: bytes, **header: Any) -> str:
    """HS256 by hand, since no library signs with a public key."""
    import hashlib
    import hmac

    parts = [{"alg": "HS256", "typ": "JWT", "kid": RSA.key_id, **header}, payload]
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


def test_a_key_is_used_for_its_own_algorithm_alone(issuer: Issuer, clock: SetClock) -> None:
    token = EC.sign(claims(clock), kid=RSA.key_id)
    assert refused(issuer, token).kind is Kind.UNAUTHENTICATED


def test_an_algorithm_that_is_not_configured_is_refused(published: Published, clock: SetClock) -> None:
    issuer = trusting(clock, jwks_url=published.url, algorithms=["EdDSA"])
    assert issuer.bearer(ED.sign(claims(clock)))
    assert "RS256" in refused(issuer, RSA.sign(claims(clock))).message
    assert "HS256" in refused(issuer, jwt.encode(claims(clock), SECRET, "HS256")).message


def test_a_key_that_the_token_brings_along_is_not_used(issuer: Issuer, clock: SetClock) -> None:
    own = Key("RS256", "mine")
    for header in ({"jwk": own.public()}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/"}):
        with pytest.raises(FactbookError):
            issuer.bearer(own.sign(claims(clock), kid=RSA.key_id, **header))
    assert refused(issuer, RSA.sign(claims(clock), crit=["tenant"])).kind is Kind.UNAUTHENTICATED


def test_a_changed_token_is_refused(issuer: Issuer, clock: SetClock) -> None:
    head, body, signature = RSA.sign(claims(clock)).split(".")
    more = base64.urlsafe_b64encode(json.dumps(claims(clock, role="owner")).encode()).rstrip(b"=").decode()
    assert refused(issuer, f"{head}.{more}.{signature}").kind is Kind.UNAUTHENTICATED
    assert refused(issuer, f"{head}.{body}.{signature[:-6]}AAAAAA").kind is Kind.UNAUTHENTICATED


# Keys come and go


def test_a_fresh_key_of_the_issuer_is_fetched_when_a_token_names_it(
    issuer: Issuer, published: Published, clock: SetClock
) -> None:
    fresh = Key("EdDSA", "ed-2")
    published.keys.append(fresh.public())
    clock.forward(seconds=30)
    with pytest.raises(KeysNeededError) as needed:
        issuer.bearer(fresh.sign(claims(clock)))
    needed.value.keys.fetch()
    assert issuer.bearer(fresh.sign(claims(clock)))


def test_unknown_keys_fetch_the_set_only_so_often(issuer: Issuer, published: Published, clock: SetClock) -> None:
    stranger = Key("EdDSA", "nobody's")
    before, kinds = published.asked, set()
    for second in range(90):
        try:
            issuer.bearer(stranger.sign(claims(clock, jti=str(second))))
        except KeysNeededError as needed:
            needed.keys.fetch()
        except FactbookError as error:
            kinds.add(error.kind)
        clock.forward(seconds=1)
    assert (published.asked - before, kinds) == (2, {Kind.UNAUTHENTICATED})


def test_a_withdrawn_key_ends_the_tokens_that_are_remembered(
    issuer: Issuer, published: Published, clock: SetClock
) -> None:
    token = ED.sign(claims(clock))
    assert issuer.bearer(token)
    published.keys = [RSA.public()]
    clock.forward(seconds=40)
    assert issuer.keys
    issuer.keys.fetch()
    assert refused(issuer, token).kind is Kind.UNAUTHENTICATED


def test_an_issuer_that_is_away_leaves_the_keys_there_are(
    issuer: Issuer, published: Published, clock: SetClock
) -> None:
    published.status = 503
    clock.forward(seconds=60)
    assert issuer.keys
    issuer.keys.fetch()
    assert issuer.bearer(ED.sign(claims(clock)))


def test_without_any_keys_the_caller_is_told_to_come_back(published: Published, clock: SetClock) -> None:
    published.status = 500
    error = refused(trusting(clock, jwks_url=published.url), ED.sign(claims(clock)))
    assert (error.kind, error.retry_after) == (Kind.UNAVAILABLE, 30)


def test_a_set_that_is_none_is_no_set(published: Published, clock: SetClock) -> None:
    published.keys = [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, {"kty": "RSA"}, {"x": 1}, RSA.public()]
    issuer = trusting(clock, jwks_url=published.url)
    assert issuer.keys
    assert [*issuer.keys.keys.by_id] == [RSA.key_id]


# Remembered


def test_a_remembered_token_is_not_checked_twice_and_ends_on_time(issuer: Issuer, clock: SetClock) -> None:
    token = RSA.sign(claims(clock))
    first = issuer.bearer(token)
    assert issuer.bearer(token) is first
    clock.forward(seconds=629)
    assert issuer.bearer(token) is first
    clock.forward(seconds=1)
    assert "expired" in refused(issuer, token).message


def test_what_is_remembered_is_bounded(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factbook.access.issuer.MOST_REMEMBERED", 20)
    issuer = trusting(clock, secret=SECRET)
    for number in range(100):
        assert issuer.bearer(jwt.encode(claims(clock, jti=str(number)), SECRET, "HS256"))
        assert len(issuer._remembered) <= 20


# What the claims mean


@pytest.mark.parametrize(
    ("settings", "more", "tenant", "role"),
    [
        ({}, {}, "shop", "analyst"),
        ({}, {"role": ["viewer", "admin", "other"]}, "shop", "admin"),
        ({}, {"role": "viewer content_manager"}, "shop", "content_manager"),
        ({"role_claim": "realm_access.roles"}, {"realm_access": {"roles": ["viewer"]}}, "shop", "viewer"),
        ({"role_claim": "https://x.example/role"}, {"https://x.example/role": "viewer"}, "shop", "viewer"),
        ({"roles": ["cn=boss,dc=x=admin"]}, {"role": ["cn=boss,dc=x"]}, "shop", "admin"),
        ({"tenants": ["acme=shop"]}, {"tenant": "acme"}, "shop", "analyst"),
        ({"default_tenant": "shop", "default_role": "viewer"}, {"tenant": None, "role": None}, "shop", "viewer"),
    ],
)
def test_claims_say_whose_it_is(
    clock: SetClock, settings: dict[str, Any], more: dict[str, Any], tenant: str, role: str
) -> None:
    known = trusting(clock, secret=SECRET, **settings).bearer(jwt.encode(claims(clock, **more), SECRET, "HS256"))
    assert known
    assert (known.bearer.tenant, known.bearer.role) == (tenant, role)


@pytest.mark.parametrize(
    ("settings", "more", "kind"),
    [
        ({}, {"sub": None}, Kind.UNAUTHENTICATED),
        ({}, {"tenant": None}, Kind.FORBIDDEN),
        ({}, {"tenant": 7}, Kind.FORBIDDEN),
        ({"tenants": ["acme=shop"]}, {"tenant": "shop"}, Kind.FORBIDDEN),
        ({"tenants": ["acme=shop"], "default_tenant": "shop"}, {"tenant": "other"}, Kind.FORBIDDEN),
        ({}, {"role": None}, Kind.FORBIDDEN),
        ({}, {"role": "root"}, Kind.FORBIDDEN),
        ({"roles": ["boss=admin"]}, {"role": "admin"}, Kind.FORBIDDEN),
        ({"rows_claim": "rows"}, {"rows": "country = DE"}, Kind.FORBIDDEN),
        ({"rows_claim": "rows"}, {"rows": [{"field": "country", "operator": "like", "value": "D"}]}, Kind.FORBIDDEN),
    ],
)
def test_claims_that_say_nothing_are_refused(
    clock: SetClock, settings: dict[str, Any], more: dict[str, Any], kind: Kind
) -> None:
    issuer = trusting(clock, secret=SECRET, **settings)
    error = refused(issuer, jwt.encode(claims(clock, **more), SECRET, "HS256"))
    assert (error.kind, bool(error.hint)) == (kind, True)


def test_a_token_may_see_a_part_of_the_data(clock: SetClock) -> None:
    issuer = trusting(clock, secret=SECRET, rows_claim="rows", masked_claim="hide")
    rows = [{"field": "country", "operator": "in", "value": ["DE", "FR"]}]
    known = issuer.bearer(jwt.encode(claims(clock, rows=rows, hide=True), SECRET, "HS256"))
    assert known
    assert (known.bearer.rows, known.bearer.masked) == ((("country.in", ("DE", "FR")),), True)


# Through the gate


@pytest.fixture
def keys(metadata: Metadata, clock: SetClock, issuer: Issuer) -> Keys:
    metadata.ensure_tenant_of_system("shop", now=1, zone="Europe/Berlin")
    return Keys(metadata, clock, issuer)


def let_in(keys: Keys, token: str) -> Scope:
    return gate.authenticate(keys, {"authorization": f"Bearer {token}"})


def test_the_gate_takes_theirs_and_ours(keys: Keys, clock: SetClock, scope: Scope) -> None:
    assert let_in(keys, RSA.sign(claims(clock))) == Scope("shop", "jwt:ada", Role.ANALYST, zone="Europe/Berlin")
    made = keys.create(scope, "mine", Role.VIEWER)
    assert let_in(keys, keys.sign_in.api_token(keys.scope(made.key), key_id=made.row.id)).role is Role.VIEWER


def test_a_tenant_that_is_none_here_is_refused_by_name(keys: Keys, clock: SetClock) -> None:
    with pytest.raises(FactbookError) as error:
        let_in(keys, RSA.sign(claims(clock, tenant="elsewhere")))
    assert (error.value.kind, "'elsewhere'" in error.value.message) == (Kind.FORBIDDEN, True)


def test_our_own_signing_key_makes_no_token_of_theirs(keys: Keys, clock: SetClock) -> None:
    token = jwt.encode(claims(clock), keys.sign_in._key, "HS256")
    with pytest.raises(FactbookError) as error:
        let_in(keys, token)
    assert error.value.kind is Kind.UNAUTHENTICATED


def test_a_token_let_in_again_ends_when_it_expires(keys: Keys, clock: SetClock) -> None:
    token = RSA.sign(claims(clock))
    let_in(keys, token)
    grant = gate.granted(keys, token)
    assert grant
    assert keys.renewed(grant) == let_in(keys, token)
    clock.forward(seconds=631)
    with pytest.raises(FactbookError):
        keys.renewed(grant)
