"""Device, browser, system and bots, told from real user agents."""

from __future__ import annotations

import time

import pytest

from factbook.ingest.agents import NO_AGENT, agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
REAL = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "desktop Chrome Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": (
        "desktop Edge Windows"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Safari/605.1.15": "desktop Safari Mac OS X",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": "desktop Firefox Ubuntu",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "desktop Chrome Chrome OS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1": "mobile Mobile Safari iOS",
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 "
    "Mobile/15E148 Safari/604.1": "tablet Mobile Safari iOS",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36": (
        "mobile Chrome Mobile Android"
    ),
    f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "tablet Chrome Android",
    f"Mozilla/5.0 (Linux; Android 9; SM-T720) {WEBKIT} Chrome/126.0.0.0 Safari/537.36": "tablet Chrome Android",
    "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/118.0 Firefox/118.0": "mobile Firefox Mobile Android",
    "Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/118.0 Firefox/118.0": "tablet Firefox Mobile Android",
    f"Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36": (
        "mobile Chrome Mobile Android"
    ),
    "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; rv:11.0; IEMobile/11.0; NOKIA; "
    "Lumia 520) like iPhone OS 7_0_3 Mac OS X AppleWebKit/537 (KHTML, like Gecko) Mobile Safari/537": (
        "mobile IE Mobile Windows Phone"
    ),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "bot Googlebot Other",
    f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36 "
    "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "bot Googlebot Android",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": "bot bingbot Other",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "bot FacebookBot Other",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": "bot AhrefsBot Other",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36": "bot HeadlessChrome Linux",
    "curl/8.7.1": "other curl Other",
}


@pytest.mark.parametrize(("user_agent", "expected"), REAL.items())
def test_real_user_agents_are_told_apart(user_agent: str, expected: str) -> None:
    found = agent(user_agent)
    assert f"{found.device} {found.browser} {found.os or 'Other'}" == expected
    assert found.is_bot == (found.device == "bot")


def test_no_user_agent_is_no_device_and_no_bot() -> None:
    assert agent("") == NO_AGENT


@pytest.mark.parametrize("text", ["android" * 290, "mobile " * 290, "(" * 2048, "sm-t" * 500, "a" * 2048])
def test_the_longest_user_agent_is_read_at_once_whatever_it_holds(text: str) -> None:
    began = time.thread_time()
    for number in range(10):
        agent(f"{text[:2040]}{number}")
    assert time.thread_time() - began < 1.0
