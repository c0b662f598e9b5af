"""Tokens that others can verify: the published keys are good for them, also while a fresh key takes over."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from factbook.access.keys import Keys
from factbook.access.sign_in import Purpose
from factbook.access.token_keys import LEAD, LONGEST_TOKEN, TokenKeys
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.core.security_sections import Tokens
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock

ADA = Scope("shop", "ada", Role.ANALYST)


def keys_of(metadata: Metadata, clock: SetClock, algorithm: str = "EdDSA", **settings: Any) -> Keys:
    metadata.ensure_tenant_of_system("shop", now=1)
    told = Tokens.model_validate({"algorithm": algorithm, **settings})
    return Keys(metadata, clock, tokens=TokenKeys(metadata, clock, told))


def published(keys: Keys) -> dict[str, jwt.PyJWK]:
    assert keys.sign_in.tokens
    return {str(key["kid"]): jwt.PyJWK(key) for key in keys.sign_in.tokens.published()}


def key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def by_others(keys: Keys, token: str) -> dict[str, Any]:
    """The claims of `token` for somebody who has nothing but the published keys."""
    key = published(keys)[key_id(token)]
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        [key.algorithm_name],
        audience=str(Purpose.API),
        issuer="factbook",
        options={"verify_exp": False, "verify_iat": False},
    )
    return claims


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_others_verify_our_tokens_with_what_is_published(metadata: Metadata, clock: SetClock, algorithm: str) -> None:
    keys = keys_of(metadata, clock, algorithm)
    token = keys.sign_in.api_token(ADA)
    told = by_others(keys, token)
    assert (told["sub"], told["tenant"], told["role"]) == ("ada", "shop", "analyst")
    assert keys.sign_in.api(token).role is Role.ANALYST


def test_private_halves_are_not_published(metadata: Metadata, clock: SetClock) -> None:
    for algorithm in ("EdDSA", "RS256"):
        tokens = keys_of(metadata, clock, algorithm).sign_in.tokens
        assert tokens
        for key in tokens.published():
            assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}


def test_another_process_signs_with_the_same_keys(metadata: Metadata, clock: SetClock) -> None:
    one, other = keys_of(metadata, clock), keys_of(metadata, clock)
    assert other.sign_in.api(one.sign_in.api_token(ADA)).actor == "ada"


def test_a_fresh_key_is_published_before_it_signs_and_the_old_while_it_is_needed(
    metadata: Metadata, clock: SetClock
) -> None:
    keys = keys_of(metadata, clock, rotate=1)
    [old] = published(keys)
    clock.forward(days=1)
    keys.refresh()
    fresh, *before = published(keys)
    assert before == [old]
    assert key_id(keys.sign_in.api_token(ADA)) == old
    clock.forward(seconds=LEAD)
    late = keys.sign_in.api_token(ADA, seconds=LONGEST_TOKEN)
    assert key_id(late) == fresh
    keys.refresh()
    assert old in published(keys)
    keys = keys_of(metadata, clock, rotate=3650)
    clock.forward(seconds=LONGEST_TOKEN)
    keys.refresh()
    assert [*published(keys)] == [fresh]


def test_another_algorithm_takes_over_and_leaves_the_tokens_there_are(metadata: Metadata, clock: SetClock) -> None:
    token = keys_of(metadata, clock, "EdDSA").sign_in.api_token(ADA)
    later = keys_of(metadata, clock, "RS256")
    assert later.sign_in.api(token).actor == "ada"
    clock.forward(seconds=LEAD)
    fresh = later.sign_in.api_token(ADA)
    assert jwt.get_unverified_header(fresh)["alg"] == "RS256"
    assert by_others(later, fresh)["sub"] == "ada"


def test_ending_all_sign_ins_ends_these_tokens_too(metadata: Metadata, clock: SetClock) -> None:
    keys = keys_of(metadata, clock)
    token = keys.sign_in.api_token(ADA)
    Keys(metadata, clock).sign_in.end_all()  # as a command does, which knows nothing of these tokens
    keys.refresh()
    with pytest.raises(FactbookError):
        keys.sign_in.api(token)
    assert keys.sign_in.api(keys.sign_in.api_token(ADA))


def test_a_token_is_refused_with_the_secret_of_sessions(metadata: Metadata, clock: SetClock) -> None:
    keys = keys_of(metadata, clock)
    claims = jwt.decode(keys.sign_in.api_token(ADA), options={"verify_signature": False})
    forged = jwt.encode(claims, keys.sign_in._key, "HS256", headers={"kid": next(iter(published(keys)))})
    with pytest.raises(FactbookError):
        keys.sign_in.api(forged)


def test_a_session_stays_a_session(metadata: Metadata, clock: SetClock) -> None:
    keys = keys_of(metadata, clock)
    session = keys.sign_in.session_token(ADA)
    assert keys.sign_in.session(session).actor == "ada"
    with pytest.raises(FactbookError):
        keys.sign_in.api(session)
