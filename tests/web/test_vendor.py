"""Vendored files are the ones that were reviewed: each listed with its digest, each package with its licence."""

from __future__ import annotations

import hashlib
import json

import pytest

from factbook.web.assets import FOLDER, MANIFEST, Assets

PACKAGES = json.loads(MANIFEST.read_text())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_vendored_file_has_the_digest_of_the_manifest(package: str) -> None:
    folder = MANIFEST.parent / package
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert found == PACKAGES[package]["files"]


def test_nothing_is_vendored_beside_the_manifest() -> None:
    assert {path.name for path in MANIFEST.parent.iterdir()} == {*PACKAGES, MANIFEST.name}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_vendored_package_names_version_and_origin_and_brings_its_licence(package: str) -> None:
    entry = PACKAGES[package]
    assert entry["version"]
    assert entry["from"].startswith("npm: ")
    assert entry["licence"] in ("Apache-2.0", "MIT", "OFL-1.1")
    assert "LICENSE" in entry["files"]


def test_the_fingerprint_changes_with_any_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("static")
    (folder / "vendor").mkdir()
    (folder / "vendor" / MANIFEST.name).write_text("{}")
    (folder / "a.js").write_text("1")
    before = Assets(folder).fingerprint
    (folder / "a.js").write_text("2")
    changed = Assets(folder).fingerprint
    (folder / "vendor" / MANIFEST.name).write_text('{"package": 1}')
    assert len({before, changed, Assets(folder).fingerprint}) == 3


def test_a_page_cannot_name_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        Assets(FOLDER).url("js/no-such-file.js")
