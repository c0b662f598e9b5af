"""The pages of the administration: people, keys, tenants, settings, and passwords set by link."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import ADMIN_KEY, Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser

GOOD = "four unrelated words here"
PAGES = ("/admin/people", "/admin/keys", "/admin/settings", "/admin/tenants")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With people: where there are some, pages ask for their passwords first."""
    running = Server(tmp_path_factory.mktemp("office"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def owner_key(server: Server) -> str:
    """Made as its operator makes it, on the data folder."""
    environment = {**os.environ, "FACTBOOK_DATA": str(server.folder / "data")}
    command = [sys.executable, "-m", "factbook", "keys", "create", f"boss {uuid.uuid4().hex}", "--role", "owner"]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return made.stdout.strip()


@pytest.fixture
def owning(server: Server, open_page: OpenPage, owner_key: str) -> Page:
    """The page of an owner, once the server has taken his key over."""

    def known() -> bool:
        return httpx.get(f"{server.url}/api/v1/auth/me", headers={"x-api-key": owner_key}).is_success

    server.wait_until(known, "the owner's key")
    return open_page(server, "/admin/people", key=owner_key)


def address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def invite(page: Page, email: str, role: str = "analyst") -> str:
    """Returns the path of the link."""
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("E-mail address").fill(email)
    page.locator("#person-form [name=role]").select_option(role)
    page.locator("#person-form [type=submit]").click()
    expect(page.locator("#once")).to_be_visible()
    link = page.locator("#once-text").inner_text()
    page.get_by_role("button", name="Done").click()
    return "/set-password#" + link.partition("#")[2]


def set_password(server: Server, open_page: OpenPage, path: str) -> Page:
    page = open_page(server, path, signed_in=False)
    page.get_by_label("New password").fill(GOOD)
    page.get_by_role("button", name="Set the password").click()
    expect(page).to_have_url(f"{server.url}/")
    return page


def test_an_invited_person_sets_a_password_signs_in_and_changes_it(
    server: Server, open_page: OpenPage, owning: Page
) -> None:
    email = address()
    page = set_password(server, open_page, invite(owning, email))
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill(email.upper())
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name=email).click()
    page.get_by_label("Password until now").fill(GOOD)
    page.get_by_label("New password").fill("another good password")
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator("#toast")).to_have_text("The password is changed")
    page.goto(f"{server.url}/")
    expect(page).to_have_url(f"{server.url}/")


def test_a_wrong_password_and_a_lock_are_told_on_the_page(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/sign-in", signed_in=False, expect_errors=True)
    page.get_by_label("E-mail address").fill(address())
    for said in ("do not match", "do not match", "do not match", "do not match", "do not match", "15 minutes"):
        page.get_by_label("Password", exact=True).fill("wrong wrong wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#password-error")).to_contain_text(said)
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()


def test_a_spent_link_says_so(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/set-password#not-a-link", signed_in=False, expect_errors=True)
    assert "not-a-link" not in page.url
    page.get_by_label("New password").fill(GOOD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("not good any more")


def test_a_person_s_view_is_chosen_kept_and_taken_back(server: Server, owning: Page) -> None:
    email = address()
    invite(owning, email, "viewer")
    row = owning.get_by_role("row", name=email)
    expect(row).to_contain_text("every event")
    row.get_by_role("button").click()
    owning.get_by_role("button", name="Add a condition").click()
    owning.get_by_label("Field").fill("country")
    owning.get_by_label("Operator").select_option("in")
    owning.get_by_label("Value").fill("DE, FR")
    owning.get_by_label("Personal data is hidden").check()
    owning.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("1 condition, personal data hidden")
    row.get_by_role("button").click()
    expect(owning.get_by_label("Value")).to_have_value("DE, FR")
    owning.get_by_role("button", name="Remove condition 1").click()
    owning.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("every event, personal data hidden")
    row.get_by_role("button").click()
    owning.get_by_role("button", name="Remove", exact=True).click()
    owning.get_by_role("button", name="Really remove?").click()
    expect(row).to_have_count(0)


def test_a_key_is_made_shown_once_rotated_and_revoked(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("link", name="Keys").click()
    name = uuid.uuid4().hex[:12]
    page.get_by_role("button", name="Make a key").click()
    page.get_by_label("What it is for").fill(name)
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.locator("#once")).to_be_visible()
    key = page.locator("#once-text").inner_text()
    assert key.startswith("fb_writer_")
    page.get_by_role("button", name="Done").click()
    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text("never")
    assert key not in page.locator("#keys").inner_html()
    row.get_by_role("button", name="Rotate").click()
    row.get_by_role("button", name="Rotate").click()
    expect(page.locator("#once")).to_be_visible()
    fresh = page.locator("#once-text").inner_text()
    assert fresh != key
    page.get_by_role("button", name="Done").click()
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    page.get_by_label("Ended ones too").check()
    expect(row.first).to_contain_text("revoked")


def test_a_tenant_is_made_suspended_and_removed(server: Server, open_page: OpenPage, owning: Page) -> None:
    owning.goto(f"{server.url}/admin/tenants")
    name = f"shop-{uuid.uuid4().hex[:8]}"
    owning.get_by_role("button", name="New tenant").click()
    owning.get_by_label("Id", exact=True).fill(name)
    owning.get_by_label("Name", exact=True).fill(f"The {name}")
    owning.get_by_label("First owner").fill(address())
    owning.locator("#tenant-form [type=submit]").click()
    expect(owning.locator("#once")).to_be_visible()
    path = "/set-password#" + owning.locator("#once-text").inner_text().partition("#")[2]
    owning.get_by_role("button", name="Done").click()
    theirs = set_password(server, open_page, path)
    theirs.goto(f"{server.url}/admin/tenants")
    expect(theirs).to_have_url(f"{server.url}/")  # theirs to see is not the list of tenants
    row = owning.get_by_role("row", name=f"The {name}")
    expect(row.locator('[data-count="people"]')).to_have_text("1")
    row.get_by_role("button").click()
    owning.get_by_label("Suspended").check()
    owning.locator("#tenant-form [type=submit]").click()
    expect(row).to_contain_text("suspended")
    row.get_by_role("button").click()
    owning.get_by_label("Its name").fill(f"The {name}")
    owning.get_by_role("button", name="Remove the tenant").click()
    expect(row).to_contain_text("removing")


def test_settings_are_changed_and_hold(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, "/admin/settings", expect_errors=True)
    page.get_by_label("Name", exact=True).fill("The Facts")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_label("Events", exact=True).fill("30")
    page.get_by_label("Colour").fill("#0a7d5c")
    page.locator("details[data-role=viewer] summary").click()
    page.locator("details[data-role=viewer]").get_by_label("Personal data is hidden").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toast")).to_have_text("Saved")
    tenant = own_server.get("/api/v1/admin/tenants/default")
    assert (tenant["name"], tenant["zone"], tenant["retention"]["raw_events"]) == ("The Facts", "Asia/Tokyo", 30)
    assert tenant["role_rules"] == {"viewer": {"row_filter": [], "masked": True}}
    page.reload()
    expect(page.locator(".tenant").first).to_contain_text("The Facts")
    page.get_by_label("Time zone").fill("Mars/Base")
    page.get_by_role("button", name="Save").click(force=True)
    expect(page.locator("#settings [data-wrong]")).to_contain_text("IANA")


def test_nobody_but_admins_is_led_there(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/", key=server.make_key("analyst"))
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    with httpx.Client(base_url=server.url) as client:
        for path in PAGES:
            assert client.get(path).headers["location"].startswith("/sign-in?next=%2Fadmin")
        client.post("/api/v1/auth/sign-in", json={"token": server.make_key("analyst")}).raise_for_status()
        assert {client.get(path).headers["location"] for path in PAGES} == {"/"}
        client.post("/api/v1/auth/sign-in", json={"token": ADMIN_KEY}).raise_for_status()
        assert [client.get(path).status_code for path in PAGES] == [200, 200, 200, 303]


def test_no_page_of_the_administration_has_a_violation(
    server: Server, open_page: OpenPage, owner_key: str, owning: Page
) -> None:
    invite(owning, address())
    page = open_page(server, PAGES[0], key=owner_key, viewport={"width": 360, "height": 740})
    for path, button in zip(PAGES, ("Invite", "Make a key", "", "New tenant"), strict=True):
        page.goto(server.url + path)
        expect(page.locator("#listed, #answer")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if button:
            page.get_by_role("button", name=button).click()
            add = page.get_by_role("button", name="Add a condition")
            if button == "Invite":
                add.click()
            assert violations(page) == []


def test_the_pages_about_passwords_have_no_violation(server: Server, open_page: OpenPage, owning: Page) -> None:
    page = open_page(server, "/sign-in", signed_in=False)
    page.locator("summary").first.click()
    assert violations(page) == []
    page.goto(f"{server.url}/set-password#some-link")
    assert violations(page) == []
    theirs = set_password(server, open_page, invite(owning, address()))
    theirs.goto(f"{server.url}/account")
    expect(theirs.get_by_role("button", name="Change the password")).to_be_visible()
    assert violations(theirs) == []
