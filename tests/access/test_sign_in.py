"""Links, sessions and tokens: each good for its purpose, its time and its process only."""

from __future__ import annotations

import base64
import json

import pytest

from factbook.access.keys import Keys
from factbook.access.sign_in import LINK_SECONDS, SESSION_SECONDS, SignIn
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock


@pytest.fixture
def sign_in(keys: Keys) -> SignIn:
    return keys.sign_in


def _refused(call: object, *arguments: str) -> None:
    assert callable(call)
    with pytest.raises(FactbookError) as refusal:
        call(*arguments)
    assert refusal.value.kind is Kind.UNAUTHENTICATED


def test_a_link_becomes_a_session_with_the_same_scope(sign_in: SignIn, scope: Scope) -> None:
    ticket = sign_in.session(sign_in.exchange(sign_in.link_token(scope)))
    assert (ticket.tenant, ticket.actor, ticket.role) == ("shop", "test", Role.ADMIN)


def test_the_line_of_serve_works_as_often_as_needed(sign_in: SignIn, clock: SetClock) -> None:
    token = sign_in.sign_in_token()
    first = sign_in.exchange(token)
    clock.forward(days=30)
    assert sign_in.exchange(token) != first


def test_the_line_of_serve_ends_with_its_process(metadata: Metadata, keys: Keys, clock: SetClock) -> None:
    token = keys.sign_in.sign_in_token()
    restarted = Keys(metadata, clock)
    _refused(restarted.sign_in.exchange, token)


def test_a_link_is_good_for_a_while_in_any_process(
    metadata: Metadata, keys: Keys, clock: SetClock, scope: Scope
) -> None:
    token = keys.sign_in.link_token(scope)
    restarted = Keys(metadata, clock).sign_in
    clock.forward(seconds=LINK_SECONDS - 1)
    restarted.exchange(token)
    clock.forward(seconds=1)
    _refused(restarted.exchange, token)


def test_a_session_survives_a_restart_and_expires(
    metadata: Metadata, keys: Keys, clock: SetClock, scope: Scope
) -> None:
    session = keys.sign_in.session_token(scope)
    restarted = Keys(metadata, clock).sign_in
    clock.forward(seconds=SESSION_SECONDS - 1)
    assert restarted.session(session).tenant == "shop"
    clock.forward(seconds=1)
    _refused(restarted.session, session)


def test_tokens_are_good_for_their_purpose_only(sign_in: SignIn, scope: Scope) -> None:
    link, session, api = sign_in.link_token(scope), sign_in.session_token(scope), sign_in.api_token(scope)
    _refused(sign_in.session, link)
    _refused(sign_in.session, api)
    _refused(sign_in.exchange, session)
    _refused(sign_in.exchange, api)
    _refused(sign_in.api, link)
    _refused(sign_in.api, session)


def test_a_token_that_was_changed_is_refused(sign_in: SignIn, scope: Scope) -> None:
    head, body, signature = sign_in.session_token(Scope("shop", "test", Role.VIEWER)).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    raised = base64.urlsafe_b64encode(json.dumps({**claims, "role": "owner"}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for forged in (f"{head}.{raised}.{signature}", f"{unsigned}.{raised}.", "eyJ.x.y", "", "a" * 5000):
        _refused(sign_in.session, forged)


def test_signing_out_ends_the_session_for_good(metadata: Metadata, keys: Keys, clock: SetClock, scope: Scope) -> None:
    session, other = keys.sign_in.session_token(scope), keys.sign_in.session_token(scope)
    keys.sign_in.end(session)
    keys.sign_in.end(session)
    keys.sign_in.end("nonsense")
    _refused(keys.sign_in.session, session)
    _refused(Keys(metadata, clock).sign_in.session, session)
    assert keys.sign_in.session(other).tenant == "shop"


def test_a_new_signing_key_ends_everything(sign_in: SignIn, scope: Scope) -> None:
    session, api, link = sign_in.session_token(scope), sign_in.api_token(scope), sign_in.sign_in_token()
    sign_in.end_all()
    _refused(sign_in.session, session)
    _refused(sign_in.api, api)
    _refused(sign_in.exchange, link)


def test_two_databases_do_not_share_a_signing_key(
    sign_in: SignIn, scope: Scope, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Keys(Metadata.open("", tmp_path_factory.mktemp("other")), SetClock()).sign_in
    _refused(other.session, sign_in.session_token(scope))
