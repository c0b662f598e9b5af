"""Reads the configuration: defaults, then one YAML file, then the environment; refuses what is wrong, all at once."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .catalog import Setting, catalog
from .errors import FactbookError, Kind
from .sections import Settings
from .security_sections import Security

__all__ = ["ConfigurationError", "Loaded", "Problem", "Settings", "load", "load_settings"]

CONFIG = "FACTBOOK_CONFIG"
"""Names the file where `--config` does not."""

_ORCHESTRATOR = ("_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP", "_TCP_ADDR", "_TCP_PORT", "_TCP_PROTO")


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused value. value: as given (secrets masked). allowed: what would do. source: where it came from."""

    key: str
    value: str
    allowed: str
    source: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value} ({self.source}): {self.allowed}"


class ConfigurationError(FactbookError):
    """Everything that is wrong with the configuration, in `problems`."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(
            Kind.INVALID,
            "The configuration cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems),
            field=first.key,
            hint="docs/configuration.md lists every setting with its range.",
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """settings, with the source of every value that is not a default, by key: `file PATH` or `environment NAME`.

    remarks: sentences about what was left aside, e.g. a FACTBOOK_ variable nobody reads.
    """

    settings: Settings
    origins: Mapping[str, str]
    remarks: tuple[str, ...]


def load_settings(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises ConfigurationError naming every key that is wrong."""
    return load(config, environ).settings


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """As `load_settings`, with the source of each value. `config`: the YAML file; else FACTBOOK_CONFIG; else none."""
    environ = os.environ if environ is None else environ
    if config is None and environ.get(CONFIG):
        config = Path(environ[CONFIG])
    settings = catalog()
    tree = _read(config) if config is not None else {}
    origins = {setting.key: f"file {config}" for setting in settings if _at(tree, setting.key) is not None}
    remarks = _from_environment(settings, environ, tree, origins)
    try:
        made = Settings.model_validate(tree)
    except ValidationError as error:
        known = {setting.key: setting for setting in settings}
        source = f"file {config}"
        problems = {str(p): p for p in (_problem(detail, known, origins, source, tree) for detail in error.errors())}
        raise ConfigurationError(tuple(problems.values())) from None
    if clash := _clashes(made, origins):
        raise ConfigurationError(clash)
    return Loaded(made, origins, tuple(remarks))


def _read(path: Path) -> dict[str, Any]:
    def refuse(value: str, allowed: str) -> ConfigurationError:
        return ConfigurationError((Problem("--config", value, allowed, "command line or FACTBOOK_CONFIG"),))

    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise refuse(str(path), f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise refuse(str(path), "the file is not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise refuse(str(path), f"the file is not YAML{where}: {getattr(error, 'problem', error)}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise refuse(str(path), "the file must hold sections such as `server:`")
    return {str(key): _without_empty(value) for key, value in tree.items() if value is not None}


def _without_empty(value: Any) -> Any:
    """A section or key written without a value keeps its defaults."""
    if isinstance(value, dict):
        return {str(key): _without_empty(inner) for key, inner in value.items() if inner is not None}
    return value


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: the first would silently be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _at(tree: Mapping[str, Any], key: str) -> Any:
    """What stands at the dotted `key`, None where nothing does."""
    found: Any = tree
    for part in key.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _from_environment(
    settings: tuple[Setting, ...], environ: Mapping[str, str], tree: dict[str, Any], origins: dict[str, str]
) -> list[str]:
    remarks = []
    for setting in settings:
        for name in setting.names:
            value = environ.get(name, "").strip()
            if not value:
                continue
            if value.startswith("tcp://") and setting.key.endswith(".port"):
                remarks.append(f"{name} was set by the container platform, not by you: left aside.")
                continue
            if not _put(tree, setting.key, value):
                break
            origins[setting.key] = f"environment {name}"
            break
    known = {name for setting in settings for name in setting.names} | {CONFIG}
    for name in sorted(environ):
        if name.startswith("FACTBOOK_") and name not in known and not name.endswith(_ORCHESTRATOR):
            near = difflib.get_close_matches(name, known, n=1)
            remarks.append(f"{name} is not a setting{f'; did you mean {near[0]}?' if near else '.'}")
    return remarks


def _put(tree: dict[str, Any], key: str, value: str) -> bool:
    *sections, last = key.split(".")
    place = tree
    for part in sections:
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):  # the file holds something else here: its own problem, reported by the model
            return False
        place = inner
    place[last] = value
    return True


def _problem(
    detail: Any, known: Mapping[str, Setting], origins: Mapping[str, str], file: str, tree: Mapping[str, Any]
) -> Problem:
    location = [str(part) for part in detail["loc"]]
    while len(location) > 1 and ".".join(location) not in known and location[-1].isdigit():
        location.pop()  # an element of a list: the list is what the reader knows
    key = ".".join(location)
    if detail["type"] == "extra_forbidden":
        names = [*known, *sorted({k.rsplit(".", n)[0] for k in known for n in range(1, k.count(".") + 1)})]
        same = [name for name in known if name.rsplit(".", 1)[-1] == location[-1]]
        near = same if len(same) == 1 else difflib.get_close_matches(key, names, n=1, cutoff=0.6) or same
        return Problem(
            key,
            "…",
            "there is no such setting" + (f"; did you mean {near[0]}?" if near else ""),
            origins.get(key, file),
        )
    setting = known.get(key)
    if setting is None:
        return Problem(key, repr(detail["input"])[:60], "must be a section with keys of its own", file)
    value = "****" if setting.secret or setting.address else str(_at(tree, key))[:60]
    allowed = f"allowed: {setting.allowed}"
    return Problem(key, value, allowed, origins.get(key, "default"))


def _clashes(made: Settings, origins: Mapping[str, str]) -> tuple[Problem, ...]:
    problems = []
    for key, port in (("metrics.port", made.metrics.port), ("health.port", made.health.port)):
        if port is not None and port == made.server.port:
            problems.append(
                Problem(key, str(port), "must differ from server.port, which serves it anyway", origins.get(key, ""))
            )
    problems += [Problem(key, value, why, origins.get(key, "default")) for key, value, why in _untrusted(made.security)]
    if made.analytics.query.default_limit > made.analytics.query.max_results:
        key = "analytics.query.default_limit"
        limits = made.analytics.query
        problems.append(
            Problem(
                key,
                str(limits.default_limit),
                f"must not exceed analytics.query.max_results = {limits.max_results}",
                origins.get(key, "default"),
            )
        )
    return tuple(problems)


def _untrusted(security: Security) -> list[tuple[str, str, str]]:
    """Key, value and what is wrong of an issuer or provider whose tokens could not be checked."""
    given, provider = security.jwt, security.oidc
    sources = [given.jwks_url, given.jwks_file, given.secret]
    found = []
    if given.issuer and not any(sources):
        found.append(("security.jwt.issuer", given.issuer, "needs jwks_url, jwks_file or secret beside it"))
    if given.jwks_url and given.jwks_file:
        found.append(("security.jwt.jwks_file", str(given.jwks_file), "is one of two: give it or jwks_url"))
    if any(sources) and not given.issuer:
        found.append(("security.jwt.issuer", "", "must name who signs: nothing is taken without it"))
    if given.issuer and given.issuer == security.tokens.issuer:
        found.append(
            ("security.jwt.issuer", given.issuer, "must differ from security.tokens.issuer, which is this server")
        )
    if provider.issuer and not provider.client_id:
        found.append(("security.oidc.client_id", "", "is what the provider knows this server as: it needs one"))
    return found
