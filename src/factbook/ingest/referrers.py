"""Where a visit came from: the referrer's source by its host, and the UTM tags of the page's address."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Campaign(NamedTuple):
    source: str
    medium: str
    campaign: str
    term: str
    content: str


NO_CAMPAIGN = Campaign("", "", "", "", "")

SOURCES: dict[str, str] = {
    "google": "Google", "bing": "Bing", "duckduckgo": "DuckDuckGo", "yahoo": "Yahoo", "ecosia": "Ecosia",
    "baidu": "Baidu", "yandex": "Yandex", "startpage": "Startpage", "qwant": "Qwant", "brave": "Brave",
    "facebook": "Facebook", "instagram": "Instagram", "twitter": "X", "linkedin": "LinkedIn",
    "lnkd": "LinkedIn", "reddit": "Reddit", "youtube": "YouTube", "youtu": "YouTube", "pinterest": "Pinterest",
    "tiktok": "TikTok", "whatsapp": "WhatsApp", "telegram": "Telegram", "threads": "Threads", "mastodon": "Mastodon",
    "bsky": "Bluesky", "github": "GitHub", "gitlab": "GitLab", "stackoverflow": "Stack Overflow",
    "wikipedia": "Wikipedia", "medium": "Medium", "substack": "Substack", "slack": "Slack", "discord": "Discord",
    "chatgpt": "ChatGPT", "perplexity": "Perplexity",
}  # fmt: skip
"""The name that stands before the public suffix of a known site → how it is shown; any other host is shown itself."""

_SHORT = {"x.com": "X", "mobile.x.com": "X", "t.co": "X"}
"""Names too short to be told by themselves."""


@lru_cache(maxsize=20_000)
def referrer_source(referrer: str) -> str:
    """`Google` for https://www.google.co.uk/…, the bare host for a site nobody listed, empty for no web address."""
    try:
        host = (urlsplit(referrer if "//" in referrer else f"//{referrer}").hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    labels = host.split(".")
    if len(labels) < 2:
        return ""
    site = labels[-3] if len(labels) > 2 and labels[-2] in ("co", "com", "org", "net") else labels[-2]
    return (_SHORT.get(host) or SOURCES.get(site, host))[:256]


@lru_cache(maxsize=20_000)
def campaign(url: str) -> Campaign:
    """The five UTM tags of `url`, empty where it has none."""
    if "utm_" not in url:
        return NO_CAMPAIGN
    try:
        tags = dict(parse_qsl(urlsplit(url).query, max_num_fields=100))
    except ValueError:
        return NO_CAMPAIGN
    return Campaign(*(tags.get(f"utm_{name}", "")[:256] for name in Campaign._fields))
