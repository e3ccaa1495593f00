"""Contracts: what each department hands over, one TOML file per extract."""

from __future__ import annotations

import dataclasses
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kodomo.errors import KodomoError
from kodomo.paths import CONTRACTS

TYPES = ("id", "name", "kana", "date", "month", "int", "float", "flag", "code", "address", "postal", "text")
MODES = ("snapshot", "append")
CADENCES = ("daily", "weekly", "monthly", "yearly")
RECORDED_ON = "recorded_on"


class ContractError(KodomoError):
    """A contract file cannot be used; the sentence names the file and what to correct."""


@dataclass(frozen=True)
class Column:
    """One column of a delivery: the heading a department writes and the field the code knows."""

    name: str
    field: str
    type: str
    required: bool
    codes: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
    min: float | None = None
    max: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Contract:
    """One extract: who delivers it, how its file is named, what identifies a row and a person in it."""

    no: str
    extract: str
    title: str
    department: str
    department_code: str
    file: str
    encoding: str
    cadence: str
    mode: str
    key: tuple[str, ...]
    key_fields: tuple[str, ...]
    identity: str
    via: str | None
    note: str
    columns: tuple[Column, ...]

    def column(self, field_name: str) -> Column:
        """The column that feeds `field_name`; KeyError when the extract has no such field."""
        for column in self.columns:
            if column.field == field_name:
                return column
        raise KeyError(field_name)

    @property
    def fields(self) -> tuple[str, ...]:
        """Field names in the order of the contract."""
        return tuple(column.field for column in self.columns)

    @property
    def table(self) -> str:
        """Name of the table that keeps this extract's rows."""
        return f"src_{self.extract}"


def heading_key(name: str) -> str:
    """A heading as it is compared: NFKC, all blanks removed."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def load_contracts(folder: Path | str = CONTRACTS) -> dict[str, Contract]:
    """Read every contract of a folder.

    Returns extract name -> Contract, ordered by `no`. Raises ContractError when a file cannot be read
    as TOML, lacks a value, or contradicts itself or another file.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ContractError(
            f"受渡仕様（{folder.name} フォルダーの TOML）が見つかりません。置き場所を確かめてください。"
        )
    stamp = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    return dict(_load(stamp))


@lru_cache(maxsize=8)
def _load(stamp: tuple[tuple[str, int, int], ...]) -> dict[str, Contract]:
    contracts = [_read(Path(name)) for name, _, _ in stamp]
    contracts.sort(key=lambda contract: (contract.no, contract.extract))
    found: dict[str, Contract] = {}
    numbers: dict[str, str] = {}
    for contract in contracts:
        if contract.extract in found or contract.no in numbers:
            raise ContractError(
                f"受渡仕様の番号「{contract.no}」または名前「{contract.extract}」が二つのファイルにあります。"
                "どちらかを直してください。"
            )
        numbers[contract.no] = contract.extract
        found[contract.extract] = contract
    for contract in contracts:
        if contract.via is not None and contract.via not in found:
            raise ContractError(
                f"受渡仕様「{contract.title}」が参照する「{contract.via}」がありません。"
                "identity を直してください。"
            )
    return found


def _read(path: Path) -> Contract:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"受渡仕様 {path.name} を読めません。TOMLの書き方を確かめてください。") from error
    return parse_contract(data, path.name)


def parse_contract(data: dict[str, Any], label: str = "(contract)") -> Contract:
    """Build a Contract from parsed TOML; `label` names it in errors. Raises ContractError."""

    def wrong(what: str) -> ContractError:
        return ContractError(f"受渡仕様 {label}：{what}")

    texts: dict[str, str] = {}
    for name in (
        "no",
        "extract",
        "title",
        "department",
        "department_code",
        "file",
        "cadence",
        "mode",
        "identity",
    ):
        value = data.get(name)
        if not isinstance(value, str) or not value:
            raise wrong(f"{name} がありません。書き足してください。")
        texts[name] = value
    if not texts["extract"].isidentifier() or not texts["extract"].isascii():
        raise wrong("extract は英字の名前にしてください。")
    if "{YYYYMMDD}" not in texts["file"]:
        raise wrong("file に {YYYYMMDD} がありません。書き足してください。")
    if texts["mode"] not in MODES:
        raise wrong(f"mode「{texts['mode']}」は使えません。{'・'.join(MODES)} のどれかにしてください。")
    if texts["cadence"] not in CADENCES:
        raise wrong(
            f"cadence「{texts['cadence']}」は使えません。{'・'.join(CADENCES)} のどれかにしてください。"
        )
    columns = tuple(_column(item, wrong) for item in data.get("column", []))
    if not columns:
        raise wrong("列（[[column]]）がありません。書き足してください。")
    headings = [heading_key(column.name) for column in columns]
    fields = [column.field for column in columns]
    if len(set(headings)) < len(headings) or len(set(fields)) < len(fields):
        raise wrong("同じ列名または field が二度あります。どちらかを直してください。")
    if RECORDED_ON not in fields:
        raise wrong("登録日（field = recorded_on）の列がありません。書き足してください。")
    key = tuple(data.get("key", ()))
    by_heading = {heading_key(column.name): column.field for column in columns}
    missing = [name for name in key if heading_key(str(name)) not in by_heading]
    if not key or missing:
        raise wrong("key の列名が列の一覧と合いません。同じ名前にしてください。")
    identity = texts["identity"]
    via = identity.removeprefix("via:") if identity.startswith("via:") else None
    if via is None and identity not in ("resident_id", "resident_id_or_person", "person"):
        raise wrong(f"identity「{identity}」は使えません。受渡仕様の説明を見て直してください。")
    return Contract(
        no=texts["no"],
        extract=texts["extract"],
        title=texts["title"],
        department=texts["department"],
        department_code=texts["department_code"],
        file=texts["file"],
        encoding=str(data.get("encoding", "utf-8")),
        cadence=texts["cadence"],
        mode=texts["mode"],
        key=tuple(str(name) for name in key),
        key_fields=tuple(by_heading[heading_key(str(name))] for name in key),
        identity=identity,
        via=via,
        note=str(data.get("note", "")),
        columns=columns,
    )


def _column(item: dict[str, Any], wrong: Any) -> Column:
    name, field_name, kind = (item.get(part) for part in ("name", "field", "type"))
    if not all(isinstance(value, str) and value for value in (name, field_name, kind)):
        raise wrong("name・field・type のない列があります。書き足してください。")
    if kind not in TYPES:
        raise wrong(f"列「{name}」の type「{kind}」は使えません。")
    if not str(field_name).isidentifier() or not str(field_name).isascii():
        raise wrong(f"列「{name}」の field は英字の名前にしてください。")
    codes = item.get("codes", {})
    if kind == "code" and not codes:
        raise wrong(f"列「{name}」に codes がありません。書き足してください。")
    low, high = item.get("min"), item.get("max")
    if low is not None and high is not None and low > high:
        raise wrong(f"列「{name}」の min が max より大きくなっています。直してください。")
    return Column(
        name=str(name),
        field=str(field_name),
        type=str(kind),
        required=bool(item.get("required", False)),
        codes={str(code): str(label) for code, label in codes.items()},
        min=low,
        max=high,
        note=str(item.get("note", "")),
    )
