"""Joining compressed tiles without decoding them: bytes and checksums against zlib itself."""

from __future__ import annotations

import gzip
import zlib

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tiles.encoding import EMPTY, crc32_combine, encode, join


@given(st.lists(st.binary(max_size=5_000), max_size=8))
def test_joined_tiles_are_the_joined_bytes(parts: list[bytes]) -> None:
    joined = join([encode(part) for part in parts])
    assert joined.identity() == b"".join(parts)
    assert joined.raw_length == sum(map(len, parts))
    # One member: the reader that stops at the first sees it all, and the checksum in its trailer holds.
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(joined.gzip()) == b"".join(parts)
    assert reader.eof and not reader.unused_data
    assert gzip.decompress(joined.gzip()) == b"".join(parts)


@given(st.lists(st.binary(max_size=5_000), max_size=8))
def test_joined_frames_are_the_joined_bytes(parts: list[bytes]) -> None:
    joined = join([encode(part, "zstd") for part in parts])
    assert joined.identity() == b"".join(parts) == gzip.decompress(joined.gzip())
    if joined.raw_length:
        reader = zstandard.ZstdDecompressor().stream_reader(joined.body(), read_across_frames=True)
        assert reader.read() == b"".join(parts)


@given(st.binary(), st.binary())
def test_combined_checksums(first: bytes, second: bytes) -> None:
    assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_checksums_of_megabytes() -> None:
    first, second = b"a" * 3_000_001, b"bc" * 2_500_000
    assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_the_validator_follows_the_bytes() -> None:
    assert encode(b"one").digest == encode(b"one").digest != encode(b"two").digest
    assert join([encode(b"a"), encode(b"b")]).digest != join([encode(b"b"), encode(b"a")]).digest


def test_nothing_is_empty() -> None:
    assert encode(b"") is EMPTY
    assert join([]) is EMPTY and join([EMPTY, EMPTY]) is EMPTY
    assert join([EMPTY, encode(b"x")]).identity() == b"x"
