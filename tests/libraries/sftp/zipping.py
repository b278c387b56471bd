"""Zip archives that Python's own library does not write.

Source: APPNOTE.TXT 6.3.10, 4.3 (records), 6.1 (traditional encryption).
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import pyzipper

_TIME, _DATE = 0x6000, 0x5B4F
_DESCRIPTOR, _ENCRYPTED = 0x8, 0x1
_STORED, _DEFLATED, _DEFLATE64 = 0, 8, 9
_STORED_BLOCK = 5  # RFC 1951, 3.2.4


def aes(members: Mapping[str, str], password: str, bits: int) -> bytes:
    """Makes an archive with WinZip's AES."""
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.setpassword(password.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_crypto(members: Mapping[str, str], password: str) -> bytes:
    """Makes an archive with PKWARE's traditional encryption."""
    entries = []
    for name, content in members.items():
        data = content.encode()
        check = zlib.crc32(data) >> 24
        packed = _encrypted(_deflated(data), password.encode(), check)
        entries.append(_Entry(name, data, packed, _ENCRYPTED, _DEFLATED))
    return _archive(entries)


def stored_by_a_stream(members: Mapping[str, str], password: str) -> bytes:
    """Makes one whose members are stored, their sizes behind them and in the directory only."""
    entries = []
    for name, content in members.items():
        data = content.encode()
        packed = _encrypted(data, password.encode(), _TIME >> 8)
        entries.append(_Entry(name, data, packed, _ENCRYPTED | _DESCRIPTOR, _STORED))
    return _archive(entries)


def deflate64(members: Mapping[str, str]) -> bytes:
    """Makes one of Deflate64; blocks that are only stored look the same in both."""
    entries = []
    for name, content in members.items():
        data = content.encode()
        entries.append(_Entry(name, data, _deflated(data, level=0), 0, _DEFLATE64))
    return _archive(entries)


def overlapping(names: Sequence[str], content: bytes) -> bytes:
    """Makes one whose members share their bytes: each quotes the next one's header.

    Source: David Fifield, "A better zip bomb", WOOT 2019.
    """
    data, packed = content, _deflated(content)
    entries = [_Entry(names[-1], data, packed, 0, _DEFLATED)]
    for name in reversed(names[:-1]):
        quoted = entries[0].header()
        length = struct.pack("<HH", len(quoted), len(quoted) ^ 0xFFFF)
        data, packed = quoted + data, b"\x00" + length + quoted + packed
        entries.insert(0, _Entry(name, data, packed, 0, _DEFLATED))
    directory, at = b"", 0
    for entry in entries:
        directory += entry.central(at)
        at += len(entry.header()) + _STORED_BLOCK
    body = entries[0].local()
    return body + directory + _end(len(entries), len(directory), len(body))


class _Entry:
    """A member's records."""

    def __init__(self, name: str, data: bytes, packed: bytes, flags: int, method: int) -> None:
        self.name = name.encode()
        self.packed = packed
        self._sizes = struct.pack("<III", zlib.crc32(data), len(packed), len(data))
        self._about = struct.pack("<HHHH", flags, method, _TIME, _DATE)
        self._late = bool(flags & _DESCRIPTOR)

    def header(self) -> bytes:
        sizes = bytes(12) if self._late else self._sizes
        lengths = struct.pack("<HH", len(self.name), 0)
        return b"PK\x03\x04" + struct.pack("<H", 20) + self._about + sizes + lengths + self.name

    def local(self) -> bytes:
        descriptor = b"PK\x07\x08" + self._sizes if self._late else b""
        return self.header() + self.packed + descriptor

    def central(self, offset: int) -> bytes:
        header = b"PK\x01\x02" + struct.pack("<HH", 20, 20) + self._about + self._sizes
        rest = struct.pack("<HHHHHII", len(self.name), 0, 0, 0, 0, 0, offset)
        return header + rest + self.name


def _archive(entries: Sequence[_Entry]) -> bytes:
    body, directory = b"", b""
    for entry in entries:
        directory += entry.central(len(body))
        body += entry.local()
    return body + directory + _end(len(entries), len(directory), len(body))


def _end(count: int, size: int, offset: int) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, 0)


def _deflated(data: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _encrypted(data: bytes, password: bytes, check: int) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc(byte, keys[0])
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[1] >> 24, keys[2])

    def cipher(byte: int) -> int:
        mask = (keys[2] | 2) & 0xFFFF
        update(byte)
        return byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF)

    for byte in password:
        update(byte)
    return bytes(cipher(byte) for byte in bytes(11) + bytes([check]) + data)


def _crc(byte: int, crc: int) -> int:
    # zlib complements before and after, the cipher does not.
    return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
