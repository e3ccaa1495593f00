"""Backup: the whole family of files in one archive, and the way back."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from kodomo import audit, cases, seals
from kodomo.audit import SYSTEM
from kodomo.errors import KodomoError
from kodomo.ops import (
    FileLock,
    OpsInUse,
    OpsNewer,
    OpsStore,
    OpsUnavailable,
    OtherKey,
    jst_text,
    load_key,
    parse_utc,
    use_path,
    utc_now,
    utc_text,
)
from kodomo.snapshots import BuildRunning, Family, file_sha256, sync_to_disk, verify_snapshot

FORMAT = "kodomo-backup-1"
MEMBERS = ("manifest.json", "ops.sqlite", "current.json", "snapshot.duckdb", "anchor.jsonl", "key")
CHUNK = 1 << 20


class NothingToKeep(KodomoError):
    """The family has neither a snapshot nor an operational store."""

    def __init__(self) -> None:
        super().__init__("控えを取るデータがありません。--db の場所を確認してください。")


class NotABackup(KodomoError):
    """The file is no archive of ours, is cut off or was changed."""

    def __init__(self) -> None:
        super().__init__(
            "控えのファイルとして読めません（途中で切れている、または変更されています）。"
            "別の控えを指定してください。何も変更していません。"
        )


class WouldOverwrite(KodomoError):
    """The archive's name is taken by something that is no archive of ours."""

    def __init__(self) -> None:
        super().__init__(
            "同じ名前のファイルがあり、控えではないため上書きしません。別の名前を指定してください。"
        )


class NoRoom(KodomoError):
    """The disk has not enough space."""

    def __init__(self) -> None:
        super().__init__("ディスクの空きが足りません。空きを増やしてから、もう一度実行してください。")


class KeyMissing(KodomoError):
    """The archive carries no key and none was found."""

    def __init__(self) -> None:
        super().__init__(
            "控えには鍵が入っていません。別に保管した鍵ファイル（.key）を --db の場所に置くか、"
            "KODOMO_KEY を設定してから、もう一度実行してください。何も変更していません。"
        )


class WrongKey(KodomoError):
    """The key at hand is not the one the archive was made with."""

    def __init__(self) -> None:
        super().__init__(
            "この控えは、別の鍵で作られています。作ったときの鍵を使うか、--db で別の場所に復元してください。"
            "何も変更していません。"
        )


class BrokenBackup(KodomoError):
    """What lies in the archive does not pass verification; nothing was restored."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("控えの中身に異常があるため、復元しませんでした。" + "".join(problems[:3]))
        self.problems = problems


@dataclass(frozen=True)
class Archive:
    """What a backup contains. `problems` is what verification found in the copy (empty when sound)."""

    path: Path
    made_at: str
    snapshot: str | None
    log_rows: int
    key_included: bool
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Restored:
    """What a restore did; `aside` names where the state before it was put."""

    made_at: str
    snapshot: str | None
    log_rows: int
    aside: list[Path] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report in Japanese sentences."""
        made = jst_text(parse_utc(self.made_at))[:16].replace("T", " ")
        told = [f"控え（{made} 作成）から元に戻し、操作ログとデータに異常がないことを確かめました。"]
        if self.aside:
            names = "、".join(path.name for path in self.aside)
            told.append(f"復元前の状態は {names} に残しました。確認が済んだら削除してください。")
        told.append("すべての利用者は、もう一度ログインが必要です。")
        return told


# -- backup -------------------------------------------------------------------------------------


def backup(family: Family, file: Path, *, with_key: bool = False) -> Archive:
    """Write one archive of the family while staff go on working.

    The operational store is copied at one moment by SQLite's own backup, the snapshot is a file that
    never changes. The archive holds personal data and is not encrypted: keep it where the stores may
    be kept. It does not hold the key unless asked for, and without the key nobody can prove or restore
    it on another machine: keep a copy of the key in another place.

    Args:
        family: what to copy.
        file: the archive; an older archive of that name is replaced once the new one is complete.
        with_key: put the key into the archive too.

    Raises:
        NothingToKeep, WouldOverwrite, NoRoom.
    """
    file = Path(file)
    if not family.ops_path.exists() and family.current() is None:
        raise NothingToKeep
    if file.exists() and not _is_ours(file):
        raise WouldOverwrite
    file.parent.mkdir(parents=True, exist_ok=True)
    key = load_key(family.key_path)
    staging = file.with_name(f".{file.name}.part-{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        return _backup(family, file, staging, key, with_key=with_key)
    except OSError as error:
        if error.errno == 28:
            raise NoRoom from error
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _backup(family: Family, file: Path, staging: Path, key: bytes, *, with_key: bool) -> Archive:
    parts: dict[str, Path | IO[bytes]] = {}
    with OpsStore(family.ops_path, key, anchor_path=family.anchor_path) as ops:
        audit.record(ops, SYSTEM, "backup", detail={"with_key": with_key})
        if family.anchor_path.exists():
            # Before the store: the notes must never be ahead of the log that lies beside them.
            parts["anchor.jsonl"] = Path(shutil.copyfile(family.anchor_path, staging / "anchor.jsonl"))
        snapshot = _hold_snapshot(family)
        copy = staging / "ops.sqlite"
        copy_store(ops, copy)
    parts["ops.sqlite"] = copy
    current = None
    try:
        if snapshot is not None:
            current, handle = snapshot
            parts["snapshot.duckdb"] = handle
            (staging / "current.json").write_text(
                json.dumps(current, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
            parts["current.json"] = staging / "current.json"
        if with_key:
            (staging / "key").write_bytes(key + b"\n")
            parts["key"] = staging / "key"
        with OpsStore(copy, key) as ops:
            problems = _store_problems(ops, staging / "anchor.jsonl")
            rows = audit.count_rows(ops)
        if problems and file.exists():
            raise BrokenBackup(problems)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "made_at": utc_text(utc_now()),
            "snapshot": current["name"] if current else None,
            "as_of": current.get("as_of") if current else None,
            "log_rows": rows,
            "key": _fingerprint(key),
            # Where the key lay, for a restore on the same machine; the key itself stays out.
            "key_at": None if os.environ.get("KODOMO_KEY") else str(family.key_path.resolve()),
            "members": {},
        }
        whole = staging / "archive"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in MEMBERS:
                if name in parts:
                    manifest["members"][name] = _add(archive, name, parts[name])
            manifest["seal"] = _seal(key, manifest)
            archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        os.chmod(whole, 0o600)
        sync_to_disk(whole)
        os.replace(whole, file)
        sync_to_disk(file.parent)
    finally:
        if snapshot is not None:
            snapshot[1].close()
    return Archive(file, manifest["made_at"], manifest["snapshot"], rows, with_key, problems)


def copy_store(ops: OpsStore, target: Path) -> None:
    """A consistent copy of the operational store as one file, made while others write."""
    with ops.read() as con:
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            os.chmod(target, 0o600)
            con.backup(copy)
            copy.execute("pragma journal_mode = delete").fetchone()
        finally:
            copy.close()
    sync_to_disk(target)


def _hold_snapshot(family: Family) -> tuple[dict[str, Any], IO[bytes]] | None:
    """The current pointer and its file, opened: a build that removes the file meanwhile does no harm."""
    for _ in range(5):
        current = family.current()
        if current is None:
            return None
        with suppress(FileNotFoundError):
            handle = current.path.open("rb")
            pointer = json.loads(family.pointer_path.read_text(encoding="utf-8"))
            if pointer["name"] == current.name:
                return pointer, handle
            handle.close()
    raise BuildRunning("新しい版が続けて作られているため、控えを取れません。少し待ってやり直してください。")


def _add(archive: zipfile.ZipFile, name: str, part: Path | IO[bytes]) -> dict[str, Any]:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    digest = hashlib.sha256()
    size = 0
    source = part.open("rb") if isinstance(part, Path) else part
    try:
        with archive.open(info, "w", force_zip64=True) as out:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
    finally:
        if isinstance(part, Path):
            source.close()
    return {"sha256": digest.hexdigest(), "size": size}


# -- restore ------------------------------------------------------------------------------------


def restore(family: Family, file: Path) -> Restored:
    """Put the family back to what the archive holds, proven before and after the switch.

    Everything is unpacked and verified beside the family first; the switch itself is a short list of
    renames that is written down before it begins, so that a cut-off restore is completed the next time
    anything opens the store. What was there before is kept under another name. Every session ends and
    every login cookie is worth nothing afterwards. The restore stands in the log and in the anchor.

    Raises:
        NotABackup, KeyMissing, WrongKey, BrokenBackup, NoRoom: nothing was changed.
        OpsInUse: the dashboard is running; stop it first.
        BuildRunning: a refresh is going on.
    """
    file = Path(file)
    family.folder.mkdir(parents=True, exist_ok=True)
    staging = family.folder / f".{family.stem}.restore-{os.getpid()}"
    shutil.rmtree(staging, ignore_errors=True)
    keep = False
    try:
        with _alone(family):
            _finish_locked(family.ops_path)
            staging.mkdir(mode=0o700)
            manifest = _unpack(file, staging)
            key = _find_key(family, manifest, staging)
            staged, snapshot = _stage(family, manifest, staging)
            rows = _prove(family, staged, key, manifest)
            aside = _put_aside(family)
            moves = _moves(family, staging, staged, snapshot, key)
            keep = True
            _note_restore(family, staged, key)
            _write_journal(family.ops_path, staging, moves, aside)
            _finish_locked(family.ops_path)
    except OSError as error:
        if error.errno == 28:
            raise NoRoom from error
        raise
    finally:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)
    problems = verify(family)
    if problems:
        raise BrokenBackup(problems)
    return Restored(manifest["made_at"], snapshot, rows, [kept for _, kept in aside])


def verify(family: Family) -> list[str]:
    """What is wrong with the family as Japanese sentences; empty when sound.

    Looks at the store's file, the operation log with its anchors, the reviews and the snapshot.
    """
    problems: list[str] = []
    if family.ops_path.exists():
        try:
            key = load_key(family.key_path, create=False)
        except FileNotFoundError:
            return [
                "鍵がないため、操作ログを検査できません。鍵ファイルを戻すか、KODOMO_KEY を設定してください。"
            ]
        try:
            with OpsStore(family.ops_path, key) as ops:
                problems += _store_problems(ops, family.anchor_path) + _unpublished(family, ops)
        except (OpsNewer, OpsUnavailable, OtherKey) as refusal:
            problems.append(f"業務の記録を開けません。{refusal}")
    elif family.pointer_path.exists() or family.anchor_path.exists():
        problems.append(
            "業務の記録（操作ログを含む）のファイルがありません。バックアップから戻してください。"
        )
    return problems + verify_snapshot(family)


def _unpublished(family: Family, ops: OpsStore) -> list[str]:
    """Whether the current snapshot is the one the log saw published; a changed pointer shows here."""
    try:
        current = family.current()
    except KodomoError:
        return []  # `verify_snapshot` says what is wrong with the pointer
    seen = audit.published(ops)
    if current is None or not seen or seen.get(current.name) == current.sha256:
        return []  # a store whose log never saw a publication has nothing to compare with
    return [
        f"{current.name} は、操作ログに残る公開の記録と合いません。バックアップから戻すか、"
        "受領データを読み込み直してください。"
    ]


def _store_problems(ops: OpsStore, anchor_path: Path) -> list[str]:
    return audit.verify(ops, anchor_path) + cases.verify(ops) + seals.verify(ops) + ops.check()


@contextmanager
def _alone(family: Family) -> Iterator[None]:
    """Nobody else has the store open and nobody builds a snapshot."""
    use = FileLock(use_path(family.ops_path))
    build = os.open(family.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not use.acquire(seconds=2.0):
            raise OpsInUse
        try:
            fcntl.flock(build, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildRunning(
                "読み込みまたは判定が動いています。終わるのを待ってから、もう一度実行してください。"
            ) from error
        yield
    finally:
        os.close(build)
        use.close()


def _unpack(file: Path, staging: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(names) != len(set(names)) or not set(names) <= set(MEMBERS):
                raise NotABackup
            manifest = json.loads(archive.read("manifest.json"))
            if manifest["format"] != FORMAT or set(manifest["members"]) != set(names) - {"manifest.json"}:
                raise NotABackup
            room = sum(int(part["size"]) for part in manifest["members"].values())
            if shutil.disk_usage(staging).free < room + (64 << 20):
                raise NoRoom
            for name, part in manifest["members"].items():
                _extract(archive, name, staging / name, part)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        NotImplementedError,
        zlib.error,
    ) as error:
        raise NotABackup from error
    except FileNotFoundError as error:
        raise NotABackup from error
    except OSError as error:
        if error.errno == 28:
            raise
        raise NotABackup from error
    return manifest


def _extract(archive: zipfile.ZipFile, name: str, target: Path, part: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    size = 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.open(name) as source, os.fdopen(handle, "wb") as out:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > part["size"]:
                raise NotABackup
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if size != part["size"] or digest.hexdigest() != part["sha256"]:
        raise NotABackup


def _find_key(family: Family, manifest: dict[str, Any], staging: Path) -> bytes:
    """The key the archive was made with: set, at hand, in the archive, or where it lay on this machine."""
    try:
        key = load_key(family.key_path, create=False)
    except FileNotFoundError:
        places = [staging / "key"]
        if manifest.get("key_at"):
            places.append(Path(manifest["key_at"]))
        for place in places:
            with suppress(OSError):
                key = place.read_bytes().strip()
                if hmac.compare_digest(_fingerprint(key), str(manifest["key"])):
                    break
        else:
            raise KeyMissing from None
    if not hmac.compare_digest(_fingerprint(key), str(manifest["key"])):
        raise WrongKey
    sealed = {name: value for name, value in manifest.items() if name != "seal"}
    if not hmac.compare_digest(_seal(key, sealed), str(manifest.get("seal"))):
        raise NotABackup
    return key


def _stage(family: Family, manifest: dict[str, Any], staging: Path) -> tuple[Family, str | None]:
    """Name the unpacked files as a family of its own inside the staging folder."""
    staged = Family(staging / f"{family.stem}.duckdb")
    os.replace(staging / "ops.sqlite", staged.ops_path)
    if "snapshot.duckdb" not in manifest["members"]:
        return staged, None
    pointer = json.loads((staging / "current.json").read_text(encoding="utf-8"))
    moment = str(pointer["name"]).removesuffix(".duckdb").rpartition("-")[2]
    name = f"{family.stem}-{moment}.duckdb"
    there = family.folder / name
    if there.exists() and file_sha256(there) == pointer["sha256"]:
        (staging / "snapshot.duckdb").unlink()
        # Verification looks for it beside the staged pointer; the switch leaves the file where it is.
        os.symlink(there.resolve(), staging / name)
        return staged, _point(staged, pointer, name)
    if there.exists():
        # Never the same path twice: an open dashboard would go on serving what it has open.
        name = f"{family.stem}-{utc_now():%Y%m%dT%H%M%S%f}.duckdb"
    os.replace(staging / "snapshot.duckdb", staging / name)
    return staged, _point(staged, pointer, name)


def _point(staged: Family, pointer: dict[str, Any], name: str) -> str:
    text = json.dumps({**pointer, "name": name}, ensure_ascii=False, indent=1) + "\n"
    staged.pointer_path.write_text(text, encoding="utf-8")
    sync_to_disk(staged.pointer_path)
    return name


def _prove(family: Family, staged: Family, key: bytes, manifest: dict[str, Any]) -> int:
    """Verify the unpacked state, then end its sessions and write the restore into its log."""
    with OpsStore(staged.ops_path, key) as ops:
        problems = _store_problems(ops, staged.folder / "anchor.jsonl") + verify_snapshot(staged)
        if problems:
            raise BrokenBackup(problems)
        now = utc_text(ops.clock())

        def end(con: sqlite3.Connection) -> None:
            con.execute(
                "update session set ended_at = ?, end_reason = 'unknown' where ended_at is null", (now,)
            )
            con.execute("update account set revoked_at = ?", (now,))

        audit.transact(
            ops,
            SYSTEM,
            "restore",
            end,
            detail={"made_at": manifest["made_at"], "log_rows": manifest["log_rows"]},
            snapshot=manifest["snapshot"],
        )
        rows = audit.count_rows(ops)
    # Closing folds the log into the file: what moves is one file.
    con = sqlite3.connect(staged.ops_path)
    con.execute("pragma journal_mode = delete").fetchone()
    con.close()
    sync_to_disk(staged.ops_path)
    return rows


def _put_aside(family: Family) -> list[tuple[Path, Path]]:
    """Fold the present store into one file, and name what keeps its state after the switch."""
    stamp = f"{utc_now():%Y%m%dT%H%M%S%f}"
    if family.ops_path.exists():
        with suppress(sqlite3.Error):
            con = sqlite3.connect(family.ops_path)
            con.execute("pragma journal_mode = delete").fetchone()
            con.close()
    kept = []
    for path in (
        family.ops_path,
        Path(f"{family.ops_path}-wal"),
        Path(f"{family.ops_path}-shm"),
        family.pointer_path,
    ):
        if path.exists():
            rest = path.name.removeprefix(f"{family.stem}.")
            kept.append((path, path.with_name(f"{family.stem}.before-restore-{stamp}.{rest}")))
    return kept


def _moves(
    family: Family, staging: Path, staged: Family, snapshot: str | None, key: bytes
) -> list[tuple[Path, Path]]:
    """The renames of the switch, in order: first what nobody looks at yet, last the pointer."""
    moves: list[tuple[Path, Path]] = []
    if not os.environ.get("KODOMO_KEY") and not family.key_path.exists():
        fresh = staging / "key.new"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(key + b"\n")
            out.flush()
            os.fsync(out.fileno())
        moves.append((fresh, family.key_path))
    if snapshot is not None and not (staging / snapshot).is_symlink():
        moves.append((staging / snapshot, family.folder / snapshot))
    moves.append((staged.ops_path, family.ops_path))
    if snapshot is not None:
        moves.append((staged.pointer_path, family.pointer_path))
    return moves


def _note_restore(family: Family, staged: Family, key: bytes) -> None:
    """Say in the anchor that the log goes back on purpose; take the archive's anchor where none is."""
    archived = staged.folder / "anchor.jsonl"
    if not family.anchor_path.exists() and archived.exists():
        family.anchor_path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archived, family.anchor_path)
        os.chmod(family.anchor_path, 0o600)
    with OpsStore(staged.ops_path, key) as ops:
        audit.anchor(ops, kind="restored", anchor_path=family.anchor_path)
    con = sqlite3.connect(staged.ops_path)
    con.execute("pragma journal_mode = delete").fetchone()
    con.close()


# -- the switch ---------------------------------------------------------------------------------


def journal_path(ops_path: Path) -> Path:
    """The list of renames of a restore under way."""
    return ops_path.with_name(ops_path.name + ".restoring")


def _write_journal(
    ops_path: Path, staging: Path, moves: list[tuple[Path, Path]], aside: list[tuple[Path, Path]]
) -> None:
    journal = journal_path(ops_path)
    fresh = journal.with_name(journal.name + ".new")
    plan = {
        "staging": str(staging),
        "aside": [[str(path), str(kept)] for path, kept in aside],
        "moves": [[str(source), str(target)] for source, target in moves],
    }
    text = json.dumps(plan)
    fresh.write_text(text, encoding="utf-8")
    sync_to_disk(fresh)
    os.replace(fresh, journal)
    sync_to_disk(ops_path.parent)


def finish(ops_path: Path) -> None:
    """Complete a restore that was cut off during its switch; does nothing otherwise.

    Raises:
        OpsInUse: the restore is still running.
    """
    if not journal_path(ops_path).exists():
        return
    use = FileLock(use_path(ops_path))
    try:
        if not use.acquire(seconds=5.0):
            raise OpsInUse
        _finish_locked(ops_path)
    finally:
        use.close()


def _finish_locked(ops_path: Path) -> None:
    journal = journal_path(ops_path)
    try:
        plan = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for path, kept in plan["aside"]:
        # All of these come before the first rename: once one exists, it holds the old state.
        if not Path(kept).exists() and Path(path).exists():
            try:
                os.link(path, kept)
            except OSError:
                shutil.copy2(path, kept)
    for source, target in plan["moves"]:
        if not Path(source).exists():
            continue
        if Path(target).name == ops_path.name:
            # The old store's leftovers must never be taken for the new one's.
            for tail in ("-wal", "-shm"):
                Path(target + tail).unlink(missing_ok=True)
        os.replace(source, target)
    sync_to_disk(ops_path.parent)
    journal.unlink()
    shutil.rmtree(plan["staging"], ignore_errors=True)


# -- small parts --------------------------------------------------------------------------------


def _is_ours(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read("manifest.json"))["format"] == FORMAT
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, zlib.error):
        return False


def _fingerprint(key: bytes) -> str:
    return hmac.new(key, b"kodomo:fingerprint", hashlib.sha256).hexdigest()[:16]


def _seal(key: bytes, manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
    derived = hmac.new(key, b"kodomo:backup", hashlib.sha256).digest()
    return hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
