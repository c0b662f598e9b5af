"""The pages for who is signed in, in the order of the navigation: where each is, what it is called, what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.access.roles import allowed
from factbook.core.scope import Role, Scope
from factbook.core.sections import Features


@dataclass(frozen=True, slots=True)
class Page:
    """name: of its template and its script. key: that leads here behind G, '' for none. feature: of Features, without
    which no link leads here. single: shows single events or people. draws: with charts.
    """

    name: str
    path: str
    title: str
    styles: tuple[str, ...]
    key: str = ""
    feature: str = ""
    single: bool = False
    draws: bool = True


OVERVIEW = Page("overview", "/", "Overview", ("overview",), "o")
DASHBOARDS = Page("dashboards", "/dashboards", "Dashboards", ("answer", "explore", "dashboards"), "b")
"""Each has an address below this one."""

PAGES = (
    OVERVIEW,
    Page("explore", "/explore", "Explore", ("answer", "explore"), "x"),
    DASHBOARDS,
    Page("kpis", "/kpis", "KPIs", ("answer", "kpis"), "k", draws=False),
    Page("funnels", "/funnels", "Funnels", ("answer", "retention", "funnels"), "f", "funnels"),
    Page("retention", "/retention", "Retention", ("answer", "retention"), "r", "cohorts"),
    Page("segments", "/segments", "Segments", ("answer", "segments"), "s"),
    Page("paths", "/paths", "Paths", ("answer", "paths"), "p", "journeys"),
    Page("journeys", "/journeys", "Journeys", ("answer", "paths"), "j", "journeys", single=True, draws=False),
    Page("content", "/content", "Content", ("answer", "retention", "content"), "c"),
    Page("trading", "/trading", "Trading", ("answer", "retention", "trading"), "d"),
    Page("systems", "/systems", "Systems", ("answer", "retention", "systems"), "y"),
    Page("people", "/people", "People", ("answer", "retention", "systems"), "u"),
    Page("imports", "/imports", "Imports", ("answer", "retention", "systems"), "i"),
    Page("events", "/events", "Events", ("events",), "e", single=True, draws=False),
)
SIGN_IN = Page("sign-in", "/sign-in", "Sign in", ("sign-in",), draws=False)


def sees_events(scope: Scope | None) -> bool:
    """Whether this visitor may read single events, and so follow the live feed."""
    return scope is not None and allowed(scope.role, (Role.ANALYST, Role.ADMIN))


def linked(scope: Scope | None, features: Features) -> list[Page]:
    """What the navigation leads this visitor to."""
    return [
        page
        for page in PAGES
        if (not page.feature or getattr(features, page.feature)) and (not page.single or sees_events(scope))
    ]
