"""What `factbook doctor` says of the issuer of tokens and of the provider to sign in at."""

from __future__ import annotations

from pathlib import Path

from factbook.cli.checkup.finding import BROKEN, OK, Examined
from factbook.cli.checkup.identity import identity
from factbook.core.settings import load
from tests.access.issuing import NAME, Key, publishing


def examined(folder: Path, text: str) -> Examined:
    file = folder / "factbook.yaml"
    file.write_text(text)
    return Examined(load(file, {}), {})


def test_without_any_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(identity(examined(tmp_path, ""))) == []


def test_the_keys_of_an_issuer_are_counted(tmp_path: Path) -> None:
    with publishing() as published:
        published.keys = [Key("EdDSA", "a").public(), {"kty": "oct", "k": "eA"}]
        asked = examined(tmp_path, f"security: {{jwt: {{issuer: '{NAME}', jwks_url: '{published.url}'}}}}")
        [found] = identity(asked)
        assert (found.state, found.message[:13]) == (OK, "1 public keys")
        published.keys = []
        [found] = identity(asked)
        assert (found.state, bool(found.mend)) == (BROKEN, True)
        published.status = 500
        [found] = identity(asked)
        assert (found.state, bool(found.mend)) == (BROKEN, True)


def test_a_provider_that_is_none_is_broken(tmp_path: Path) -> None:
    with publishing() as published:
        text = f"security: {{oidc: {{issuer: '{published.url}', client_id: x}}}}"
        [found] = identity(examined(tmp_path, text))
    assert (found.topic, found.state, bool(found.mend)) == ("sign-in provider", BROKEN, True)
