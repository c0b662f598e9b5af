"""The flat table of hashes, against a Python dict."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from factbook.ingest.slots import Slots

numbers = st.integers(1, 40) | st.integers(2**63, 2**64 - 1)  # few, so that many want the same slot


@given(st.lists(st.lists(numbers, unique=True, max_size=6), max_size=8), st.lists(numbers))
def test_each_hash_has_one_slot_and_keeps_it_however_it_came_in(groups: list[list[int]], asked: list[int]) -> None:
    slots = Slots.sized(64)
    known: dict[int, int] = {}
    for number, group in enumerate(groups):
        fresh = [each for each in group if each not in known][: slots.room]
        if number % 2:
            known |= zip(fresh, slots.add(np.array(fresh, dtype=np.uint64)).tolist(), strict=True)
        else:
            for each in fresh:
                known[each], held = slots.place(each)
                assert not held
                slots.put(known[each], each)
    assert slots.used == len(known) == len(set(known.values()))
    wanted = [*known, *asked]
    assert slots.places(np.array(wanted, dtype=np.uint64)).tolist() == [known.get(each, -1) for each in wanted]
    for each in wanted:
        place, held = slots.place(each)
        assert held == (each in known)
        assert not held or place == known[each]
