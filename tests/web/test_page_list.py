"""The list of pages: what each needs is there, and the navigation leads nobody where he finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import factbook.web
from factbook.core.scope import Role, Scope
from factbook.core.sections import Features
from factbook.web.page_list import ACCOUNT, ADMINISTRATION, PAGES, SET_PASSWORD, SIGN_IN, Page, administering, linked

FOLDER = Path(factbook.web.__file__).parent


def titles(role: Role, features: Features) -> list[str]:
    return [page.title for page in linked(Scope(tenant="t", actor="a", role=role), features)]


@pytest.mark.parametrize("page", [*PAGES, *ADMINISTRATION, ACCOUNT, SET_PASSWORD, SIGN_IN], ids=lambda page: page.name)
def test_a_page_has_its_template_its_script_and_its_styles(page: Page) -> None:
    wanted = [f"templates/{page.name}.html", f"static/js/{page.name}.js"]
    wanted += [f"static/css/{style}.css" for style in page.styles]
    assert [path for path in wanted if not (FOLDER / path).is_file()] == []


def test_paths_and_keys_are_each_of_one_page() -> None:
    assert len({page.path for page in PAGES}) == len(PAGES)
    keys = [page.key for page in PAGES if page.key]
    assert len(set(keys)) == len(keys)
    assert "a" not in keys  # leads to the administration


def test_pages_of_a_group_stand_together() -> None:
    groups = [page.group for page in PAGES if page.group]
    assert [group for place, group in enumerate(groups) if group not in groups[:place]] == ["Behaviour", "Business"]
    assert groups == sorted(groups)


def test_an_analyst_is_led_everywhere_a_viewer_to_no_single_people() -> None:
    assert titles(Role.ANALYST, Features()) == [page.title for page in PAGES]
    left_out = {"Journeys", "Events"}
    assert titles(Role.VIEWER, Features()) == [page.title for page in PAGES if page.title not in left_out]


def test_nothing_leads_to_what_is_switched_off() -> None:
    off = Features(funnels=False, cohorts=False, journeys=False)
    domains = ["Content", "Trading", "Systems", "People", "Imports"]
    assert titles(Role.ADMIN, off) == ["Overview", "Explore", "Dashboards", "KPIs", "Segments", *domains, "Events"]


def test_the_administration_is_for_admins_and_tenants_are_for_who_operates_the_server() -> None:
    def led(tenant: str, role: Role) -> list[str]:
        return [page.title for page in administering(Scope(tenant, "a", role))]

    every = [page.title for page in ADMINISTRATION]
    assert led("default", Role.OWNER) == every
    assert led("default", Role.ADMIN) == led("shop", Role.OWNER) == [title for title in every if title != "Tenants"]
    assert led("default", Role.ANALYST) == led("default", Role.CONTENT_MANAGER) == []
