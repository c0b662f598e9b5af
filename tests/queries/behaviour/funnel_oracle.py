"""Funnels by trying out everything: what the statements over people are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Event:
    """at: milliseconds. steps: those that it can be, from 1. kills: exclusions that it is one of, from 0."""

    at: int
    steps: frozenset[int]
    kills: frozenset[int] = frozenset()
    value: str = ""


@dataclass(frozen=True, slots=True)
class Funnel:
    """end: of the period, within which an attempt begins. exclusions: (from step, to step)."""

    steps: int
    order: str
    window: int
    end: int
    optional: frozenset[int] = frozenset()
    exclusions: tuple[tuple[int, int], ...] = ()


Times = tuple[int | None, ...]
"""Of each step, None where it was not done."""


def in_order(events: Sequence[Event], funnel: Funnel) -> list[Event]:
    """What can be step 1 is that inside the period alone."""
    able = [
        replace(one, steps=one.steps - {1}) if funnel.order != "any" and one.at >= funnel.end else one for one in events
    ]
    return sorted(able, key=lambda one: (one.at, min(one.steps, default=99), sum(2**step for step in one.steps)))


def deepest(events: Sequence[Event], funnel: Funnel) -> Times | None:
    """The deepest attempt; of several the first to get there, then the one that began last, then the latest times."""
    chains = [
        (place, chain) for place, chain in _chains(in_order(events, funnel), funnel) if _holds(chain, events, funnel)
    ]
    if not chains:
        return None
    depth = max(_depth(chain) for _, chain in chains)
    last = min(place for place, chain in chains if _depth(chain) == depth)
    best = [chain for place, chain in chains if _depth(chain) == depth and place == last]
    return max(best, key=lambda chain: tuple(-1 if at is None else at for at in chain))


def _depth(chain: Times) -> int:
    return max(number for number, at in enumerate(chain, 1) if at is not None)


def _chains(events: list[Event], funnel: Funnel) -> Iterator[tuple[int, Times]]:
    """With the place of its last event."""
    required = [step for step in range(1, funnel.steps + 1) if step not in funnel.optional]
    for size in range(1, funnel.steps + 1):
        for steps in combinations(range(1, funnel.steps + 1), size):
            if any(step not in steps for step in required if step < steps[-1]):
                continue
            for places in combinations(range(len(events)), size):
                together = places[-1] - places[0] == size - 1
                if (funnel.order != "strict" or together) and all(
                    step in events[place].steps for step, place in zip(steps, places, strict=True)
                ):
                    times = {step: events[place].at for step, place in zip(steps, places, strict=True)}
                    yield places[-1], tuple(times.get(step) for step in range(1, funnel.steps + 1))


def _holds(chain: Times, events: Sequence[Event], funnel: Funnel) -> bool:
    done = [(step, at) for step, at in enumerate(chain, 1) if at is not None]
    first = done[0][1]
    if chain[0] is None or first >= funnel.end or done[-1][1] - first > funnel.window:
        return False
    for number, (begin, end) in enumerate(funnel.exclusions):
        since = chain[begin - 1]
        until = [at for step, at in done if begin < step <= end]
        if since is not None and until:
            kills = [one.at for one in events if number in one.kills]
            if any(since < at < max(until) for at in kills):
                return False
    return True


def in_any_order(events: Sequence[Event], funnel: Funnel) -> Times | None:
    """When the first, second, … step was done in the attempt that has most, first, and began last."""
    walked = [one for one in in_order(events, funnel) if one.steps]
    found = [
        (-_most(walked[start : until + 1]), until, -first.at)
        for start, first in enumerate(walked)
        for until in range(start, len(walked))
        if first.at < funnel.end and walked[until].at <= first.at + funnel.window
    ]
    if not found:
        return None
    _, until, begin = min(found)
    inside = [one for one in walked[: until + 1] if one.at >= -begin]
    levels = [_most(inside[: place + 1]) for place in range(len(inside))]
    return tuple(
        next((one.at for one, level in zip(inside, levels, strict=True) if level >= step), None)
        for step in range(1, funnel.steps + 1)
    )


def _most(events: Sequence[Event]) -> int:
    """The most steps that distinct events can be."""
    sets = {frozenset[int]()}
    for one in events:
        sets |= {done | {step} for done in sets for step in one.steps}
    return max(map(len, sets))


def every(events: Sequence[Event], funnel: Funnel) -> list[Times]:
    """A walk: an attempt is open until it is complete, over or killed; while it is, none begins."""
    told: list[Times] = []
    now: dict[int, int] = {}

    def close() -> None:
        if now:
            told.append(tuple(now.get(step) for step in range(1, funnel.steps + 1)))
            now.clear()

    walked: list[tuple[Event, bool]] = [(one, False) for one in in_order(events, funnel)]
    kills = [(one, True) for one in events if one.kills]
    for one, is_kill in sorted(walked + kills, key=lambda pair: (pair[0].at, pair[1])):
        if now and one.at - now[1] > funnel.window:
            close()
        if is_kill:
            depth = max(now, default=0)
            ends = [funnel.exclusions[number] for number in one.kills]
            if any(begin <= depth < end and now[begin] < one.at for begin, end in ends):
                close()
            continue
        depth = max(now, default=0)
        able = [step for step in range(depth + 1, funnel.steps + 1) if set(range(depth + 1, step)) <= funnel.optional]
        step = next((step for step in able if step > 1 and step in one.steps), None) if now else None
        if step is not None:
            now[step] = one.at
            if step == funnel.steps:
                close()
            continue
        if funnel.order == "strict":
            close()
        if not now and 1 in one.steps and one.at < funnel.end:
            now[1] = one.at
    close()
    return sorted(told, key=str)
