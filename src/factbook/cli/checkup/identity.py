"""Whether the issuer whose tokens are taken, and the provider that people sign in at, answer as they should."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.core.outgoing import Outgoing

from .finding import BROKEN, OK, Examined, Finding


def identity(examined: Examined) -> Iterator[Finding]:
    from factbook.access.issuer import issuer_of
    from factbook.access.oidc import provider_of

    security = examined.settings.security
    outgoing = Outgoing(security.outgoing_allowed)
    issuer = issuer_of(security.jwt, system_clock, outgoing)
    if issuer is not None and issuer.keys is not None:
        try:
            count = issuer.keys.count()
        except FactbookError as error:
            yield Finding("issuer", BROKEN, error.message, error.hint or "Mend security.jwt.jwks_url or jwks_file.")
        else:
            state = OK if count else BROKEN
            mend = "" if count else "Its keys are of other algorithms than security.jwt.algorithms."
            yield Finding("issuer", state, f"{count} public keys that tokens are checked with", mend)
    provider = provider_of(security.oidc, system_clock, outgoing)
    if provider is not None:
        try:
            provider.begin("http://127.0.0.1", "/")
        except FactbookError as error:
            yield Finding("sign-in provider", BROKEN, error.message, error.hint or "Mend security.oidc.issuer.")
        else:
            yield Finding("sign-in provider", OK, f"answers; it sends people back to {provider.redirect_uri('…')}")
