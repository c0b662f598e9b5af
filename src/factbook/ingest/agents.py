"""Device, browser, operating system and the bot flag, read from the user agent (ua-parser's rules)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ua_parser import parse


class Agent(NamedTuple):
    device: str  # desktop, mobile, tablet, bot, other, or empty without a user agent
    browser: str
    os: str
    is_bot: bool


NO_AGENT = Agent("", "", "", False)

_BOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|monitor|headless|lighthouse|pingdom|scrap", re.IGNORECASE
)  # Cubot makes telephones
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|sm-t\d", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|windows phone|blackberry", re.IGNORECASE)
_DESKTOP = frozenset(("Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD", "OpenBSD"))


@lru_cache(maxsize=20_000)
def agent(user_agent: str) -> Agent:
    """What `user_agent` says of its sender; the same text is parsed once."""
    if not user_agent:
        return NO_AGENT
    parsed = parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    is_bot = bool(_BOT.search(user_agent)) or (parsed.device is not None and parsed.device.family == "Spider")
    return Agent(_device(user_agent, system, is_bot), browser, system, is_bot)


def _device(user_agent: str, system: str, is_bot: bool) -> str:
    if is_bot:
        return "bot"
    if _TABLET.search(user_agent):
        return "tablet"
    if _MOBILE.search(user_agent):
        return "mobile"
    if "android" in user_agent.lower():  # Android's browsers say Mobile on a telephone, and nothing on a tablet
        return "tablet"
    return "desktop" if system in _DESKTOP else "other"
