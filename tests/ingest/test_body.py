"""Bodies as they arrive: what was packed comes out, what is no such packing is refused, a bomb stays small."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.body import Collector

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MB = 1_000_000
PACK: dict[str, Callable[..., bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress, "identity": bytes}


def collect(encoding: str, *pieces: bytes, limit: int = MB) -> bytes:
    collector = Collector(encoding, limit)
    for piece in pieces:
        collector.add(piece)
    return collector.body()


def refusal(encoding: str, *pieces: bytes, limit: int = MB) -> FactbookError:
    with pytest.raises(FactbookError) as refused:
        collect(encoding, *pieces, limit=limit)
    return refused.value


@given(st.binary(max_size=5000), st.sampled_from(sorted(PACK)), st.integers(1, 400))
def test_what_was_packed_comes_out_however_it_was_cut(plain: bytes, encoding: str, size: int) -> None:
    packed = PACK[encoding](plain)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert collect(encoding, *pieces) == plain


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.sampled_from(["gzip", "zstd"]), st.integers(1, 50))
def test_members_one_after_another_are_one_body(parts: list[bytes], encoding: str, size: int) -> None:
    packed = b"".join(PACK[encoding](part) for part in parts)
    assert collect(encoding, packed) == b"".join(parts)
    assert collect(encoding, *(packed[i : i + size] for i in range(0, len(packed), size))) == b"".join(parts)


@pytest.mark.parametrize("encoding", ["", "identity", " GZIP ", "x-gzip", "Zstd"])
def test_encodings_are_known_by_every_usual_spelling(encoding: str) -> None:
    name = encoding.strip().lower().removeprefix("x-") or "identity"
    assert collect(encoding, PACK[name](b"{}")) == b"{}"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x" * 1000])
def test_an_encoding_nobody_reads_is_refused_by_name(encoding: str) -> None:
    error = refusal(encoding, b"{}")
    assert (error.kind, error.field) == (Kind.UNSUPPORTED, "Content-Encoding")
    assert len(error.message) < 200


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
class TestCompressed:
    def test_a_bomb_is_refused_within_little_more_memory_than_a_body_may_take(self, encoding: str) -> None:
        bomb = PACK[encoding](bytes(200 * MB))
        assert len(bomb) < MB
        tracemalloc.start()
        try:
            assert refusal(encoding, bomb).kind is Kind.TOO_LARGE
            assert tracemalloc.get_traced_memory()[1] < 4 * MB
        finally:
            tracemalloc.stop()

    def test_a_bomb_of_many_members_is_refused(self, encoding: str) -> None:
        assert refusal(encoding, PACK[encoding](bytes(MB // 10)) * 11).kind is Kind.TOO_LARGE

    def test_members_without_end_that_hold_nothing_are_refused(self, encoding: str) -> None:
        error = refusal(encoding, *[PACK[encoding](b"") * 100] * 100)
        assert error.kind is Kind.MALFORMED

    def test_a_body_of_exactly_the_limit_is_taken(self, encoding: str) -> None:
        assert len(collect(encoding, PACK[encoding](bytes(1000)), limit=1000)) == 1000
        assert refusal(encoding, PACK[encoding](bytes(1001)), limit=1000).kind is Kind.TOO_LARGE

    @pytest.mark.parametrize("cut", [0, 1, 5, -1, -4])
    def test_a_body_that_ends_too_early_is_malformed(self, encoding: str, cut: int) -> None:
        packed = PACK[encoding](b'{"event_type":"a"}' * 10)
        error = refusal(encoding, packed[:cut])
        assert error.kind is Kind.MALFORMED
        assert "too early" in error.message

    def test_junk_behind_the_body_is_malformed(self, encoding: str) -> None:
        packed = PACK[encoding](b"{}")
        assert refusal(encoding, packed + b"junk behind it").kind is Kind.MALFORMED
        assert refusal(encoding, packed, b"junk in a piece of its own").kind is Kind.MALFORMED

    def test_plain_text_that_claims_to_be_packed_is_malformed_and_says_which_header(self, encoding: str) -> None:
        error = refusal(encoding, b'{"event_type":"a"}')
        assert error.kind is Kind.MALFORMED
        assert encoding in error.message
        assert "Content-Encoding" in (error.hint or "")

    def test_a_damaged_body_is_malformed(self, encoding: str) -> None:
        checked = {"options": {zstd.CompressionParameter.checksum_flag: 1}} if encoding == "zstd" else {}
        packed = bytearray(PACK[encoding](bytes(range(256)) * 20, **checked))
        packed[len(packed) // 2] ^= 0xFF
        assert refusal(encoding, bytes(packed)).kind is Kind.MALFORMED


def test_a_zstd_frame_that_wants_a_window_of_gigabytes_is_refused() -> None:
    wide = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    packed = wide.compress(bytes(1000)) + wide.compress(bytes(1000), mode=zstd.ZstdCompressor.FLUSH_FRAME)
    error = refusal("zstd", packed)
    assert error.kind is Kind.MALFORMED


def test_raw_deflate_is_no_gzip() -> None:
    assert refusal("gzip", zlib.compress(b"{}")).kind is Kind.MALFORMED


def test_an_identity_body_past_the_limit_is_refused_at_the_first_piece_too_many() -> None:
    collector = Collector("", 10)
    collector.add(b"x" * 10)
    with pytest.raises(FactbookError) as refused:
        collector.add(b"x")
    assert refused.value.kind is Kind.TOO_LARGE
