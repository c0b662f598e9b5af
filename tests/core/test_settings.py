"""Defaults, file and environment; what is wrong is refused, all at once, and secrets stay unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from factbook.core.catalog import catalog, shown, value_of, without_password
from factbook.core.sections import Settings
from factbook.core.settings import ConfigurationError, load, load_settings

SPECIFIED = {
    "SERVER_PORT": ("9001", "server.port", 9001),
    "PORT": ("9002", "server.port", 9002),
    "LOG_LEVEL": ("warn", "logging.level", "WARNING"),
    "DATABASE_URL": ("postgresql://u:p@h/n", "database.url", "postgresql://u:p@h/n"),
    "ANALYTICS_DATABASE_URL": ("sqlite:////tmp/x.db", "database.url", "sqlite:////tmp/x.db"),
    "DB_HOST": ("db", "database.host", "db"),
    "DB_PORT": ("5433", "database.port", 5433),
    "DB_NAME": ("facts", "database.name", "facts"),
    "DB_USER": ("me", "database.user", "me"),
    "DB_PASSWORD": ("hush", "database.password", "hush"),
    "REDIS_URL": ("redis://r:6379/1", "redis.url", "redis://r:6379/1"),
    "REDIS_HOST": ("r", "redis.host", "r"),
    "REDIS_PORT": ("6380", "redis.port", 6380),
    "REDIS_PASSWORD": ("hush", "redis.password", "hush"),
    "KAFKA_BROKERS": ("a:9092, b:9092", "kafka.brokers", ("a:9092", "b:9092")),
    "NATS_URL": ("nats://n:4222", "nats.url", "nats://n:4222"),
    "EVENT_BATCH_SIZE": ("500", "analytics.ingestion.batch_size", 500),
    "EVENT_FLUSH_INTERVAL": ("5s", "analytics.ingestion.batch_timeout", 5.0),
    "MAX_EVENT_AGE_DAYS": ("30", "analytics.ingestion.max_event_age_days", 30),
    "ENABLE_FORECASTING": ("false", "ml.forecasting", False),
    "ENABLE_ANOMALY_DETECTION": ("0", "ml.anomaly_detection", False),
    "FORECAST_HORIZON_DAYS": ("60", "ml.forecast_horizon_days", 60),
    "ANOMALY_SENSITIVITY": ("0.99", "ml.anomaly_sensitivity", 0.99),
    "REALTIME_WINDOW_SECONDS": ("120", "analytics.realtime.window", 120.0),
    "ACTIVE_USER_TIMEOUT": ("600", "analytics.realtime.active_user_timeout", 600.0),
    "SESSION_TIMEOUT": ("3600", "analytics.realtime.session_timeout", 3600.0),
    "SESSION_MAX_HOURS": ("24", "analytics.realtime.session_max_hours", 24.0),
    "WORKER_THREADS": ("8", "analytics.ingestion.workers", 8),
    "MAX_CONCURRENT_QUERIES": ("50", "analytics.query.max_concurrent", 50),
    "QUERY_TIMEOUT": ("10", "analytics.query.timeout", 10.0),
    "ENABLE_REALTIME_ANALYTICS": ("no", "analytics.features.realtime", False),
    "ENABLE_COHORT_ANALYSIS": ("off", "analytics.features.cohorts", False),
    "ENABLE_FUNNEL_ANALYSIS": ("false", "analytics.features.funnels", False),
    "ENABLE_USER_JOURNEY": ("FALSE", "analytics.features.journeys", False),
    "FACTBOOK_DATA": ("/srv/facts", "server.data", Path("/srv/facts")),
    "FACTBOOK_WAREHOUSE": ("clickhouse://u:p@h:8123/d", "warehouse.url", "clickhouse://u:p@h:8123/d"),
    "FACTBOOK_ADMIN_KEY": ("an-admin-key-of-ours", "security.admin_key", "an-admin-key-of-ours"),
    "FACTBOOK_WRITE_KEY": ("a-write-key-of-ours", "security.write_key", "a-write-key-of-ours"),
}


def file(folder: Path, text: str) -> Path:
    path = folder / "factbook.yaml"
    path.write_text(text)
    return path


def refused(config: Path | None = None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(config, environ or {})
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", SPECIFIED)
def test_every_name_that_deployments_use_is_read_as_it_is(name: str) -> None:
    text, key, expected = SPECIFIED[name]
    loaded = load(None, {name: text})
    value = value_of(loaded.settings, key)
    assert (value.get_secret_value() if hasattr(value, "get_secret_value") else value) == expected
    assert loaded.origins == {key: f"environment {name}"}
    assert loaded.remarks == ()


def test_defaults_are_those_of_the_specification() -> None:
    settings = load_settings(None, {})
    assert settings == Settings()
    assert (settings.server.host, settings.server.port, settings.server.data) == ("127.0.0.1", 8005, Path("data"))
    ingestion, kept, query = settings.analytics.ingestion, settings.analytics.retention, settings.analytics.query
    assert (ingestion.batch_size, ingestion.workers, ingestion.buffer_size) == (1000, 4, 10_000)
    assert ingestion.batch_timeout <= 5
    assert (kept.raw_events, kept.minute_aggregates, kept.hour_aggregates, kept.daily_aggregates) == (
        90,
        365,
        730,
        3650,
    )
    assert (query.max_results, query.default_limit, query.timeout, query.cache_ttl) == (10_000, 100, 30, 60)
    assert (settings.security.rate_limit, settings.security.rate_burst) == (1000, 100)
    assert settings.analytics.realtime.session_timeout == 1800


def test_environment_overrides_file_and_each_source_is_known(tmp_path: Path) -> None:
    config = file(tmp_path, "server:\n  port: 1234\n  host: 0.0.0.0\nanalytics:\n  retention:\n    raw_events: 30d\n")
    loaded = load(config, {"SERVER_PORT": "4321", "PORT": ""})
    assert (loaded.settings.server.port, loaded.settings.server.host) == (4321, "0.0.0.0")
    assert loaded.settings.analytics.retention.raw_events == 30
    assert loaded.origins == {
        "server.port": "environment SERVER_PORT",
        "server.host": f"file {config}",
        "analytics.retention.raw_events": f"file {config}",
    }


def test_every_setting_has_a_regular_name_in_the_environment() -> None:
    assert load_settings(None, {"FACTBOOK_ANALYTICS_QUERY_CACHE_TTL": "5m"}).analytics.query.cache_ttl == 300
    names = [name for setting in catalog() for name in setting.names]
    assert len(names) == len(set(names))


def test_file_is_named_by_the_environment_where_the_command_line_does_not(tmp_path: Path) -> None:
    config = file(tmp_path, "server: {port: 1234}")
    assert load_settings(None, {"FACTBOOK_CONFIG": str(config)}).server.port == 1234


def test_all_problems_are_told_at_once_with_key_value_and_range(tmp_path: Path) -> None:
    config = file(
        tmp_path,
        "server:\n  prot: 1\nanalytics:\n  ingestion: {batch_size: 5, batch_timeout: 9s}\n  retention: 7\nsesion: {}\n",
    )
    problems = "\n".join(refused(config, {"SERVER_PORT": "99999", "FACTBOOK_SERVER_TIMEZONE": "Mars/Olympus"}))
    assert "server.port = 99999 (environment SERVER_PORT): allowed: 0 to 65,535" in problems
    assert "server.timezone = Mars/Olympus (environment FACTBOOK_SERVER_TIMEZONE)" in problems
    assert f"analytics.ingestion.batch_size = 5 (file {config}): allowed: 10 to 10,000" in problems
    assert f"analytics.ingestion.batch_timeout = 9s (file {config}): allowed: 10ms to 5s" in problems
    assert "analytics.retention = 7" in problems
    assert "server.prot" in problems
    assert "did you mean server.port?" in problems
    assert "sesion" in problems


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("analytics: {session_timeout: 3}", "analytics.realtime.session_timeout"),
        ("session_timeout: 3", "analytics.realtime.session_timeout"),
        ("analytics: {retension: {}}", "analytics.retention"),
        ("loging: {level: INFO}", "logging"),
    ],
)
def test_unknown_key_is_refused_with_the_one_that_was_meant(tmp_path: Path, text: str, meant: str) -> None:
    (problem,) = refused(file(tmp_path, text))
    assert f"did you mean {meant}?" in problem


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("server: [", "not YAML in line"),
        ("- a\n- b\n", "must hold sections"),
        ("server: {port: 1, port: 2}", "stands twice"),
        ("server: !!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_unreadable_file_is_refused_plainly(tmp_path: Path, text: str, reason: str) -> None:
    (problem,) = refused(file(tmp_path, text))
    assert reason in problem


def test_missing_file_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path / "nowhere.yaml")
    assert "cannot be read" in problem


def test_empty_file_and_empty_sections_keep_the_defaults(tmp_path: Path) -> None:
    assert load_settings(file(tmp_path, ""), {}) == Settings()
    assert load_settings(file(tmp_path, "server:\nredis:\n  url:\n"), {}) == Settings()


def test_misspelt_variable_is_remarked_on_and_a_platforms_own_is_not() -> None:
    loaded = load(None, {"FACTBOOK_DTA": "x", "FACTBOOK_SERVICE_HOST": "10.0.0.1", "FACTBOOK_PORT_8005_TCP": "x"})
    assert loaded.remarks == ("FACTBOOK_DTA is not a setting; did you mean FACTBOOK_DATA?",)


def test_port_that_a_container_platform_injected_is_left_aside() -> None:
    loaded = load(None, {"REDIS_PORT": "tcp://10.0.0.7:6379", "SERVER_PORT": "tcp://10.0.0.8:80", "PORT": "81"})
    assert (loaded.settings.redis.port, loaded.settings.server.port) == (6379, 81)
    assert len(loaded.remarks) == 2


def test_ports_of_their_own_must_differ_from_the_main_one() -> None:
    (problem,) = refused(None, {"FACTBOOK_METRICS_PORT": "8005"})
    assert problem.startswith("metrics.port = 8005 (environment FACTBOOK_METRICS_PORT): must differ")


def test_default_limit_cannot_exceed_what_a_page_may_hold() -> None:
    (problem,) = refused(None, {"FACTBOOK_ANALYTICS_QUERY_MAX_RESULTS": "50"})
    assert "analytics.query.max_results = 50" in problem


def test_secrets_never_show() -> None:
    secret = "hush-hush-hush-hush"
    environ = {
        "FACTBOOK_ADMIN_KEY": secret,
        "DB_PASSWORD": secret,
        "DATABASE_URL": f"postgresql://u:{secret}@h/n",
        "REDIS_URL": f"redis://:{secret}@h",
        "FACTBOOK_WAREHOUSE": f"clickhouse://u:{secret}@h:1/d",
        "NATS_URL": f"nats://u:{secret}@h",
    }
    loaded = load(None, environ)
    told = repr(loaded) + "".join(shown(one, value_of(loaded.settings, one.key)) for one in catalog())
    assert secret not in told
    assert "clickhouse://u:****@h:1/d" in told


def test_refused_secrets_do_not_show_either() -> None:
    problems = refused(None, {"FACTBOOK_WRITE_KEY": "hush", "DATABASE_URL": "mysql://u:hush@h/n"})
    assert len(problems) == 2
    assert "hush" not in "".join(problems)
    assert "16 to 512 characters" in "".join(problems)


def test_address_without_credentials_is_shown_whole() -> None:
    assert without_password("nats://host:4222/x") == "nats://host:4222/x"
    assert without_password("redis://:p@host") == "redis://:****@host"


def test_database_address_is_made_of_its_parts() -> None:
    parts = {"DB_HOST": "h", "DB_PORT": "5433", "DB_NAME": "n", "DB_USER": "a@b", "DB_PASSWORD": "p/w"}
    assert load_settings(None, parts).database.address == "postgresql://a%40b:p%2Fw@h:5433/n"
    assert load_settings(None, {**parts, "DATABASE_URL": "sqlite:///x"}).database.address == "sqlite:///x"
    assert load_settings(None, {}).database.address == ""


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings(None, {}).server.port = 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("security: {jwt: {issuer: 'https://i.example'}}", "security.jwt.issuer"),
        ("security: {jwt: {jwks_url: 'https://i.example/keys'}}", "security.jwt.issuer"),
        ("security: {jwt: {issuer: factbook, jwks_url: 'https://i.example/keys'}}", "security.jwt.issuer"),
        (
            "security: {jwt: {issuer: i, jwks_url: 'https://i.example/keys', jwks_file: keys.json}}",
            "security.jwt.jwks_file",
        ),
        ("security: {jwt: {secret: short}}", "security.jwt.secret"),
        ("security: {jwt: {roles: [boss=king]}}", "security.jwt.roles"),
        ("security: {jwt: {algorithms: [none]}}", "security.jwt.algorithms"),
        ("security: {jwt: {algorithms: [HS256]}}", "security.jwt.algorithms"),
        ("security: {oidc: {issuer: 'https://i.example'}}", "security.oidc.client_id"),
        ("security: {outgoing_allowed: [inside.example]}", "security.outgoing_allowed"),
    ],
)
def test_an_issuer_that_could_not_be_checked_is_refused(tmp_path: Path, text: str, key: str) -> None:
    (problem,) = refused(file(tmp_path, text))
    assert problem.startswith(key)
