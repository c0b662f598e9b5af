"""A made-up library: what is watched, read and finished, found by search and recommendation, liked and passed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .days import HOUR, SECOND, Chance, Fortnight, Happening

_CURVE = (3, 2, 1, 1, 1, 2, 4, 7, 8, 7, 7, 8, 10, 9, 8, 8, 9, 12, 16, 20, 22, 18, 11, 6)
_WEEKEND = 1.3
_PEOPLE = 700
_COUNTRIES = {"DE": 0.3, "US": 0.25, "GB": 0.15, "FR": 0.12, "NL": 0.08, "PL": 0.06, "ES": 0.04}
_VIA = {"direct": 0.35, "search": 0.25, "recommendation": 0.3, "external": 0.1}
_CHANNELS = {"mail": 0.3, "messenger": 0.5, "link": 0.2}
_COMMENTS = ("More of this, please.", "The middle drags a little.", "Shared it with everybody.", "Too short!")
_AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0": 0.4,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1": 0.45,
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1": 0.15,
}
_REFERRERS = {"search": "https://duckduckgo.com/", "external": "https://news.example/"}


@dataclass(frozen=True, slots=True)
class Piece:
    """minutes: how long it plays. views: a day. finished: of those who play it. liked: of all who see it.
    days: since it came out, where that was within the fortnight; from then on it is seen more each day."""

    id: str
    title: str
    category: str
    kind: str
    minutes: int
    views: float
    finished: float
    liked: float
    days: int = 0

    @property
    def properties(self) -> dict[str, Any]:
        return {"title": self.title, "category": self.category, "language": "en", "content_type": self.kind}


PIECES = (
    Piece("film-tides", "Tides of the north", "Nature", "video", 24, 46, 0.62, 0.09),
    Piece("film-harbour-1", "The quiet harbour, part 1", "Drama", "video", 48, 38, 0.41, 0.06),
    Piece("film-harbour-2", "The quiet harbour, part 2", "Drama", "video", 51, 14, 0.55, 0.12, days=4),
    Piece("film-orbit", "A week in orbit", "Science", "video", 33, 31, 0.48, 0.07),
    Piece("film-bread", "Bread, slowly", "Cooking", "video", 12, 29, 0.78, 0.11),
    Piece("film-lecture", "Entropy: a lecture", "Science", "video", 74, 17, 0.11, 0.03),
    Piece("talk-night", "Night trains", "Travel", "audio", 41, 22, 0.35, 0.05),
    Piece("talk-letters", "Letters home", "Drama", "audio", 28, 18, 0.52, 0.08),
    Piece("text-garden", "A garden for lazy people", "Cooking", "article", 6, 34, 0.66, 0.04),
    Piece("text-index", "How an index works", "Science", "article", 9, 21, 0.44, 0.05),
    Piece("text-maps", "Maps that lied", "Travel", "article", 7, 16, 0.58, 0.06),
    Piece("film-trailer", "Trailer: the long river", "Nature", "video", 2, 12, 0.85, 0.02),
)


def content(chance: Chance, fortnight: Fortnight) -> Iterator[Happening]:
    people = [_person(chance, number) for number in range(_PEOPLE)]
    for piece in PIECES:
        growth = (fortnight.clock(piece.days, 6), 1.6) if piece.days else None
        for at in fortnight.moments(chance, piece.views, _CURVE, weekend=_WEEKEND, growth=growth):
            who = people[int(_PEOPLE * chance.random() ** 2)]  # some come often, most seldom
            yield from _visit(chance, piece, who, at)


def _person(chance: Chance, number: int) -> dict[str, str]:
    country, agent = _one(chance, _COUNTRIES), _one(chance, _AGENTS)
    return {"user_id": f"viewer-{number:03}", "country": country, "user_agent": agent}


def _one(chance: Chance, of: dict[str, float]) -> str:
    names = list(of)
    return names[int(chance.choice(len(names), p=list(of.values())))]


def _visit(chance: Chance, piece: Piece, who: dict[str, str], at: int) -> Iterator[Happening]:
    via = _one(chance, _VIA)
    fields = {**who, "content_id": piece.id}
    if via == "search":
        query = {"query": piece.title.split()[-1].lower(), "index": "library"}
        place = int(chance.integers(1, 9))
        yield Happening(at - 20 * SECOND, "search_query", {**query, "results": int(chance.integers(1, 30))}, who)
        yield Happening(at - 19 * SECOND, "search_impression", {**query, "position": place}, fields)
        yield Happening(at - 2 * SECOND, "search_result_click", {**query, "position": place}, fields)
    if via == "recommendation":
        shown = {"position": int(chance.integers(1, 7)), "algorithm": _algorithm(chance), "placement": "home"}
        yield Happening(at - 30 * SECOND, "recommendation_impression", shown, fields)
        yield Happening(at - 2 * SECOND, "recommendation_click", shown, fields)
    elif chance.random() < 0.35:
        shown = {"position": int(chance.integers(1, 7)), "algorithm": _algorithm(chance), "placement": "beside"}
        yield Happening(at + 3 * SECOND, "recommendation_impression", shown, fields)
    came = {"referrer": _REFERRERS[via]} if via in _REFERRERS and chance.random() < 0.5 else {}
    yield Happening(at, "content_view", {**piece.properties, "via": via}, {**fields, **came})
    if chance.random() < 0.8:
        yield from _played(chance, piece, fields, at + int(chance.integers(2, 9)) * SECOND)
    yield from _liked(chance, piece, fields, at + int(chance.integers(40, 400)) * SECOND)


def _algorithm(chance: Chance) -> str:
    return "similar" if chance.random() < 0.6 else "popular"


def _played(chance: Chance, piece: Piece, fields: dict[str, str], at: int) -> Iterator[Happening]:
    """Played to the end, or to somewhere; sometimes with a pause, sometimes nothing tells where it was left."""
    length = piece.minutes * 60
    yield Happening(at, "content_play", {**piece.properties, "position_seconds": 0}, fields)
    reached = length if chance.random() < piece.finished else int(length * chance.beta(1.3, 2.5))
    begun, since = 0, at
    if reached > 240 and chance.random() < 0.3:
        begun = reached // 2
        told = {**piece.properties, "position_seconds": begun, "watched_seconds": begun}
        yield Happening(at + begun * SECOND, "content_pause", told, fields)
        since = at + begun * SECOND + int(chance.integers(20, 600)) * SECOND
        yield Happening(since, "content_play", {**piece.properties, "position_seconds": begun}, fields)
    told = {**piece.properties, "position_seconds": reached, "watched_seconds": reached - begun}
    over = since + (reached - begun) * SECOND
    if reached == length:
        yield Happening(over, "content_complete", told, fields)
    elif chance.random() < 0.85:
        yield Happening(over, "content_pause", told, fields)


def _liked(chance: Chance, piece: Piece, fields: dict[str, str], at: int) -> Iterator[Happening]:
    if chance.random() < piece.liked:
        yield Happening(at, "content_like", piece.properties, fields)
    if chance.random() < piece.liked / 2:
        yield Happening(at + 4 * SECOND, "content_bookmark", piece.properties, fields)
    if chance.random() < piece.liked / 3:
        shared = {**piece.properties, "channel": _one(chance, _CHANNELS)}
        yield Happening(at + 9 * SECOND, "content_share", shared, fields)
    if chance.random() < piece.liked / 5:
        said = {**piece.properties, "comment": _COMMENTS[int(chance.integers(len(_COMMENTS)))]}
        yield Happening(min(at + 60 * SECOND, at + HOUR), "content_comment", said, fields)
