"""The demo data outlives the ordinary retention, where its tenant did not say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from factbook.core.scope import Role, Scope
from factbook.demo.keeping import DAYS, keep, keep_there
from factbook.ingest.retention import Retention
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock
from tests.listening import listening
from tests.transports.administration import administration


@pytest.fixture
def retention(engine: Engine, scope: Scope, tmp_path: Path) -> Retention:
    metadata = Metadata.open("", tmp_path)
    metadata.ensure_tenant_of_system(scope.tenant, now=1)
    return Retention(engine, metadata, SetClock())


def test_every_level_is_kept_for_as_long_as_the_data_goes_back(retention: Retention, scope: Scope) -> None:
    assert keep(retention, scope) == sorted(DAYS)
    assert retention.limits(scope) == dict(DAYS)
    assert keep(retention, scope) == []


def test_what_the_tenant_set_stays(retention: Retention, scope: Scope) -> None:
    retention.change(scope, {"raw_events": 7})
    keep(retention, scope)
    assert retention.limits(scope) == {**DAYS, "raw_events": 7}


def test_a_running_server_is_told_where_the_key_may(engine: Engine, scope: Scope, tmp_path: Path) -> None:
    with administration(engine, scope, tmp_path, SetClock()) as served, listening(served.app) as address:
        assert not keep_there(address, served.keys[Role.WRITER])
        assert served.services.retention.own(scope) == {}
        assert keep_there(address, served.keys[Role.ADMIN])
        assert keep_there(address, served.keys[Role.ADMIN])
        assert served.services.retention.own(scope) == dict(DAYS)
    assert not keep_there("http://127.0.0.1:9", "nobody listens here")
