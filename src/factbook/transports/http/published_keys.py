"""The public keys that our tokens are signed with, where others look for them."""

from typing import Any

from fastapi import APIRouter, Response

from factbook.services import Services

from .access import example

_KEYS = {
    "keys": [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "5f0c3a9b1d2e4f60",
            "alg": "EdDSA",
            "use": "sig",
        }
    ]
}


def router(services: Services) -> APIRouter:
    """/.well-known/jwks.json."""
    routes = APIRouter(tags=["Access"])

    @routes.get("/.well-known/jwks.json", summary="Public keys of tokens", responses=example(_KEYS))
    def published(response: Response) -> dict[str, Any]:
        """With `security.tokens.algorithm` EdDSA or RS256: what verifies tokens of `POST /api/v1/auth/token`; a fresh
        key stands here a quarter of an hour before it signs. Empty with HS256."""
        response.headers["cache-control"] = "public, max-age=300"
        tokens = services.keys.sign_in.tokens
        return {"keys": tokens.published() if tokens else []}

    return routes
