"""Where a visit came from, by the referrer's host and the UTM tags of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.ingest.referrers import NO_CAMPAIGN, Campaign, campaign, referrer_source


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("https://www.google.com/search?q=x", "Google"),
        ("https://www.google.co.uk/", "Google"),
        ("https://google.com.au/", "Google"),
        ("https://news.google.com/x", "Google"),
        ("http://duckduckgo.com", "DuckDuckGo"),
        ("https://t.co/abc", "X"),
        ("https://x.com/someone", "X"),
        ("https://x.org/", "x.org"),
        ("https://t.example.com/", "t.example.com"),
        ("https://www.linkedin.com/feed", "LinkedIn"),
        ("https://lnkd.in/abc", "LinkedIn"),
        ("https://youtu.be/abc", "YouTube"),
        ("https://m.facebook.com/", "Facebook"),
        ("https://old.reddit.com/r/x", "Reddit"),
        ("https://bsky.app/profile", "Bluesky"),
        ("www.example.com/page", "example.com"),
        ("https://blog.example.com:8080/page", "blog.example.com"),
        ("https://google.evil.example/", "google.evil.example"),
        ("https://evilgoogle.com/", "evilgoogle.com"),
        ("http://192.0.2.7/", "192.0.2.7"),
        ("https://user:password@example.com/", "example.com"),
        ("HTTPS://WWW.EXAMPLE.COM", "example.com"),
        ("localhost", ""),
        ("(direct)", ""),
        ("http://[::1", ""),
        ("", ""),
        ("about:blank", ""),
    ],
)
def test_a_referrer_is_shown_by_its_source_or_its_host(referrer: str, source: str) -> None:
    assert referrer_source(referrer) == source


@pytest.mark.parametrize(
    ("url", "tags"),
    [
        (
            "https://x.test/p?utm_source=a&utm_medium=b&utm_campaign=c%20d&utm_term=e&utm_content=f#top",
            Campaign("a", "b", "c d", "e", "f"),
        ),
        ("/p?utm_source=%E2%82%AC+1", Campaign("\u20ac 1", "", "", "", "")),
        ("https://x.test/p?utm_source=&utm_medium=mail", Campaign("", "mail", "", "", "")),
        ("https://x.test/utm_source=a", NO_CAMPAIGN),
        ("https://x.test/#utm_source=a", NO_CAMPAIGN),
        ("http://[x?utm_source=a", NO_CAMPAIGN),
        ("https://x.test/?utm_source=a" + "&x=1" * 101, NO_CAMPAIGN),
        ("", NO_CAMPAIGN),
    ],
)
def test_utm_tags_are_read_from_the_query_alone(url: str, tags: Campaign) -> None:
    assert campaign(url) == tags


@given(st.text(max_size=100))
def test_any_text_has_a_source_and_tags_and_none_is_an_error(text: str) -> None:
    assert len(referrer_source(text)) <= 256
    assert len(campaign(f"https://x.test/?utm_source={text}&utm_medium={text}")) == 5
