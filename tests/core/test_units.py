"""Durations, days and sizes as people write them."""

from __future__ import annotations

import pytest

from factbook.core import units


@pytest.mark.parametrize(
    ("text", "expected"),
    [(30, 30.0), ("30", 30.0), ("30s", 30.0), ("300ms", 0.3), ("5m", 300.0), ("24h", 86400.0), ("0.5 s", 0.5)],
)
def test_durations_are_read_in_seconds(text: object, expected: float) -> None:
    assert units.seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(("text", "expected"), [(90, 90), ("90d", 90), ("12w", 84), ("2y", 730)])
def test_days_are_read_in_days(text: object, expected: int) -> None:
    assert units.days(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(4096, 4096), ("16MiB", 16 * 2**20), ("1GB", 10**9), ("256 KiB", 2**18), ("1g", 2**30)]
)
def test_sizes_are_read_in_bytes(text: object, expected: int) -> None:
    assert units.size(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "1e999", "--3", None, True, float("inf"), float("nan"), []])
def test_what_is_no_quantity_is_refused(text: object) -> None:
    for read in (units.seconds, units.days, units.size):
        with pytest.raises(ValueError, match="must be"):
            read(text)


def test_half_a_day_is_no_number_of_days() -> None:
    with pytest.raises(ValueError, match="whole"):
        units.days("0.5d")


@pytest.mark.parametrize("value", [0.01, 0.3, 1, 30, 90, 1800, 3600, 86400, 604800])
def test_shown_durations_read_back_as_they_were(value: float) -> None:
    assert units.seconds(units.seconds_text(value)) == pytest.approx(value)


@pytest.mark.parametrize("value", [1024, 2**18, 3 * 2**20, 2**30, 2**40])
def test_shown_sizes_read_back_as_they_were(value: int) -> None:
    assert units.size(units.size_text(value)) == value
