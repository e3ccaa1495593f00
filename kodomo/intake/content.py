"""Content: the bytes of a delivery, safely read and turned into UTF-8."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kodomo.intake.refusals import FileRefused

_PACKED = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
_OFFICE = (b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf")
# What CP932 bytes 80, A0, FD, FE and FF turn into: no character of that encoding.
_NOT_CP932 = "\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3"


class NotAFile(FileRefused):
    """A link, pipe, folder or device stands where a file should be."""


class TooLarge(FileRefused):
    """The file is larger than the set limit."""


class Unreadable(FileRefused):
    """The operating system does not let the file be read."""


class Utf16(FileRefused):
    """The file is UTF-16, or holds NUL bytes."""


class Compressed(FileRefused):
    """The file is packed, whatever its name says."""


class NotCsv(FileRefused):
    """The bytes are those of an office document or PDF."""


class WrongEncoding(FileRefused):
    """The bytes are neither UTF-8 nor CP932."""


class CutOff(FileRefused):
    """The file breaks off in the middle of a row."""

    def __init__(self) -> None:
        super().__init__("ファイルが行の途中で切れています。送り直しを依頼してください。")


@dataclass
class Content:
    """A delivery as UTF-8 bytes without BOM; `odd` says that it may hold 外字 or the like."""

    data: bytes
    encoding: str
    odd: bool
    notes: list[str] = field(default_factory=list)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The whole file; never follows a link and never waits for a pipe.

    Raises NotAFile, TooLarge or Unreadable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # O_NOFOLLOW met a link
            raise NotAFile("ファイルではなくリンクです。ファイルそのものを置いてください。") from error
        if error.errno in (errno.ENXIO, errno.EISDIR, errno.ENODEV):
            raise NotAFile("ファイルではありません。CSVファイルを置いてください。") from error
        raise Unreadable("ファイルを開けません。読み取りの権限を確かめてください。") from error
    status = os.fstat(handle)
    if stat.S_ISDIR(status.st_mode):
        os.close(handle)
        raise NotAFile("ファイルではなくフォルダーです。CSVファイルを置いてください。")
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(status.st_mode):
            raise NotAFile("ファイルではありません（パイプなど）。CSVファイルを置いてください。")
        if status.st_size > max_bytes:
            raise TooLarge(
                f"ファイルが大きすぎます（{status.st_size / 2**20:,.1f}MB、"
                f"上限 {max_bytes / 2**20:,.1f}MB）。分けて出し直すか、"
                "設定（data/settings.toml の max_file_mb）を見直してください。"
            )
        try:
            data = file.read(max_bytes + 1)
        except OSError as error:
            raise Unreadable("ファイルを最後まで読めません。置き直してください。") from error
    if len(data) > max_bytes:
        raise TooLarge("ファイルが大きすぎます。書き込みが終わってから置き直してください。")
    return data


def sha256_of(data: bytes) -> str:
    """SHA-256 of the delivered bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def decode(data: bytes) -> Content:
    """Delivered bytes -> Content, by trial: UTF-8 (with or without BOM) strict, then CP932 strict.

    Raises Utf16, Compressed, NotCsv, WrongEncoding or CutOff.
    """
    if data.startswith(_PACKED):
        raise Compressed("圧縮されたファイル（またはExcelブック）です。CSVで保存し直して置いてください。")
    if data.startswith(_OFFICE):
        raise NotCsv("CSVではありません。CSVで保存し直して置いてください。")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data:
        raise Utf16("UTF-16か、CSVではないデータです。「CSV UTF-8」で保存し直してください。")
    if data.startswith(b"\xef\xbb\xbf"):
        body = data[3:]
        _check_utf8(body)
        return Content(body, "utf-8-sig", _is_odd(body))
    if data.isascii():
        return Content(data, "utf-8", False)
    head_end = _head_end(data)
    head, rest = data[:head_end], data[head_end:]
    if _is_utf8(head):
        _check_utf8(rest)
        return Content(data, "utf-8", _is_odd(data))
    text = _from_cp932(head) + (rest if rest.isascii() else _from_cp932(rest))
    return Content(text, "cp932", _is_odd(text))


def _is_odd(data: bytes) -> bool:
    """Whether UTF-8 bytes may hold private-use characters, variation selectors or anything beyond the BMP."""
    if data.isascii():
        return False
    if any(lead in data for lead in (b"\xee", b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")):
        return True
    if b"\xef" not in data:
        return False
    array = np.frombuffer(data, np.uint8)
    follow = array[np.flatnonzero(array == 0xEF) + 1]
    return bool(np.any((follow <= 0xA3) | (follow == 0xB8)))


def _head_end(data: bytes) -> int:
    """Index after the first line that holds anything but ASCII (at least the first line)."""
    at = 0
    while at < len(data):
        ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
        end = min(ends) + 1 if ends else len(data)
        if not data[at:end].isascii():
            return end
        at = end
    return len(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        complete = data[: error.start]
        return error.reason == "unexpected end of data" and not complete.isascii()
    return True


def _check_utf8(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end >= len(data):
            raise CutOff from error
        raise _wrong_encoding() from error


def _from_cp932(data: bytes) -> bytes:
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError as error:
        if error.reason == "incomplete multibyte sequence" and error.end >= len(data):
            raise CutOff from error
        raise _wrong_encoding() from error
    if any(char in text for char in _NOT_CP932):
        raise _wrong_encoding()
    return text.encode("utf-8")


def _wrong_encoding() -> WrongEncoding:
    return WrongEncoding(
        "文字コードがUTF-8でもシフトJIS（CP932）でもないか、壊れた文字があります。"
        "「CSV UTF-8」で保存し直して置いてください。"
    )
