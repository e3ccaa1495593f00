"""Names: which extract and which day a delivered file's name stands for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kodomo.contracts import Contract
from kodomo.intake.refusals import FileRefused

_COPY = re.compile(r"(?:\s*-\s*(?:コピー|copy))?(?:\s*\(\d{1,3}\))?", re.IGNORECASE)
_NOT_CSV = (
    ".xlsx",
    ".xls",
    ".xlsm",
    ".ods",
    ".txt",
    ".tsv",
    ".pdf",
    ".docx",
    ".json",
    ".xml",
    ".dat",
    ".htm",
    ".html",
)
_PACKED = (".zip", ".gz", ".7z", ".rar", ".lzh", ".bz2", ".xz", ".tar", ".tgz", ".zst", ".cab", ".exe")


class UnknownName(FileRefused):
    """No contract has a file of this name."""


class ImpossibleNameDate(FileRefused):
    """The name fits a contract, its date does not exist."""


class NotCsvName(FileRefused):
    """The name fits a contract, but its ending says that it is no CSV, or packed."""


@dataclass(frozen=True)
class FileName:
    """What a file name says: the contract, the day of delivery, and what was unusual about the name."""

    contract: Contract
    delivered_on: date
    notes: tuple[str, ...]


def is_csv(name: str) -> bool:
    """Whether the name ends like a CSV (any case, full width too) and is no hidden or temporary file."""
    plain = unicodedata.normalize("NFKC", name)
    return plain.lower().endswith(".csv") and not plain.startswith((".", "~$"))


def shown(name: str) -> str:
    """A file name as it may be written anywhere: bytes that are no text become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_name(name: str, contracts: dict[str, Contract]) -> FileName:
    """Read a file name ending in .csv. Raises UnknownName or ImpossibleNameDate."""
    plain = unicodedata.normalize("NFKC", name)
    stem = plain[: -len(".csv")] if plain.lower().endswith(".csv") else plain
    for contract in contracts.values():
        found = _pattern(contract.file).match(stem)
        if not found:
            continue
        rest = stem[found.end() :]
        day = re.match(r"[^\s()]*?(?=\s*-\s*(?:コピー|copy)|\s*\(|\s*$)", rest, re.IGNORECASE)
        text = day.group(0) if day else rest
        tail = rest[len(text) :]
        copies = _strip_copies(tail)
        if copies is None:
            raise UnknownName(_no_contract(name))
        delivered_on = _day(text)
        if delivered_on is None:
            raise ImpossibleNameDate(
                "ファイル名の日付（8けたの年月日）が暦にないか、読めません。"
                f"「{contract.file}」の形に直して置き直してください。"
            )
        notes: list[str] = []
        if name != unicodedata.normalize("NFC", name):
            notes.append("ファイル名の濁点・半濁点が分かれた文字（NFD）でした")
        if not name.endswith(".csv"):
            notes.append("拡張子が小文字の「.csv」ではありませんでした")
        if copies:
            notes.append(f"ファイル名に写しの印「{copies}」があります")
        return FileName(contract, delivered_on, tuple(notes))
    raise UnknownName(_no_contract(name))


def refuse_other_ending(name: str, contracts: dict[str, Contract]) -> FileRefused | None:
    """For a file that is no CSV by name: the refusal when its name otherwise fits a contract, else None."""
    plain = unicodedata.normalize("NFKC", name)
    if plain.startswith((".", "~$")):
        return None
    for contract in contracts.values():
        if _pattern(contract.file).match(plain):
            if plain.lower().endswith(_PACKED):
                return NotCsvName("圧縮されたファイルです。展開して、CSVのまま置いてください。")
            if plain.lower().endswith(_NOT_CSV):
                return NotCsvName("CSVではありません。「CSV UTF-8」で保存し直して置いてください。")
    return None


def contract_of(name: str, contracts: dict[str, Contract]) -> Contract | None:
    """The contract whose name a file bears, whatever its date and ending; None when there is none."""
    plain = unicodedata.normalize("NFKC", name)
    for contract in contracts.values():
        if _pattern(contract.file).match(plain):
            return contract
    return None


def _no_contract(name: str) -> str:
    del name
    return (
        "この名前のファイルの受渡仕様がありません。"
        "「番号_課名_データ名_年月日8けた.csv」の形に直すか、受渡仕様（data/contracts）を確かめてください。"
    )


def _strip_copies(tail: str) -> str | None:
    """The copy marks of a name's tail; '' when there are none, None when it holds something else."""
    rest = tail
    while rest.strip():
        found = _COPY.match(rest)
        if not found or not found.group(0).strip():
            return None
        rest = rest[found.end() :]
    return tail.strip()


def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2100 else None


@lru_cache(maxsize=256)
def _pattern(file: str) -> re.Pattern[str]:
    plain = unicodedata.normalize("NFKC", file)
    before = plain.split("{YYYYMMDD}", 1)[0]
    return re.compile(re.escape(before))
