"""Command line: the fixed commands other programs rely on, in words a city's IT staff can read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from getpass import getpass
from pathlib import Path

from tqdm import tqdm

from kodomo.errors import KodomoError
from kodomo.paths import ROOT, default_db

NOTHING_DONE = 2


class Bar:
    """A progress bar on a terminal, one plain line a step elsewhere (a log file, a CI run)."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: tqdm | None = None

    def __call__(self, step: str, share: float) -> None:
        """Show that `share` (0 to 1) of `step` is done."""
        if step != self._step:
            self.close()
            self._step = step
            if sys.stderr.isatty():
                form = "{desc} {percentage:3.0f}% |{bar:30}| {elapsed}"
                self._bar = tqdm(total=100, desc=step, bar_format=form, file=sys.stderr, leave=True)
            else:
                print(step, file=sys.stderr, flush=True)
        if self._bar is not None:
            self._bar.n = round(100 * min(max(share, 0.0), 1.0))
            self._bar.refresh()

    def close(self) -> None:
        """Finish the step that is shown."""
        if self._bar is not None:
            self._bar.n = 100
            self._bar.refresh()
            self._bar.close()
            self._bar = None


def _day(text: str) -> date:
    """Read a day given on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"日付は 2026-10-31 の形で書いてください（受け取った値: {text}）"
        ) from None


def _residents(text: str) -> int:
    """Read a number of residents: a city needs some people to have schools and departments."""
    if text.isdecimal() and 1_000 <= int(text) <= 5_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"住民数は 1000〜5000000 の整数で書いてください（受け取った値: {text}）")


def _months(text: str) -> int:
    """Read how many month-ends to go back: half a year of later events must fit."""
    if text.isdecimal() and 7 <= int(text) <= 120:
        return int(text)
    raise argparse.ArgumentTypeError(f"月数は 7〜120 の整数で書いてください（受け取った値: {text}）")


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command; `--db` may stand before or after the command."""
    db_help = "データの置き場所（既定: 環境変数 KODOMO_DB、なければ data/stores/kodomo.duckdb）"
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--db", type=Path, default=argparse.SUPPRESS, metavar="FILE", help=db_help)
    top = argparse.ArgumentParser(
        prog="python -m kodomo",
        description="こどもの杜ダッシュボード: 13課のデータを読み込み、名寄せし、判定します。",
        epilog="終了コード: 0 成功 / 1 一部のファイルを受け取れない・検証で異常あり / 2 何もできなかった",
    )
    top.add_argument("--db", type=Path, default=default_db(), metavar="FILE", help=db_help)
    commands = top.add_subparsers(dest="command", required=True, metavar="コマンド", title="コマンド")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=text, description=text)

    def as_of(to: argparse.ArgumentParser, text: str) -> None:
        to.add_argument("--as-of", type=_day, default=None, metavar="DATE", help=text)

    demo = command("demo", "架空の市の受領データ一式と、その正解（truth）を作ります。")
    demo.add_argument("folder", type=Path, metavar="DIR", help="書き出す先のフォルダ")
    demo.add_argument(
        "--residents", type=_residents, default=400_000, metavar="N", help="住民数（既定 400000）"
    )
    demo.add_argument("--seed", type=int, default=1, metavar="S", help="同じ数なら同じ市ができます（既定 1）")
    as_of(demo, "データの基準日（既定 2026-10-31）")

    shrink_help = "行数が半分未満に減った全件データも受け取ります（課に確認した後に使ってください）"
    refresh = command("refresh", "受領データをすべて読み込み、名寄せと判定をして新しい版を公開します。")
    load = command("load", "フォルダ内の受領データを読み込みます（名寄せと判定はしません）。")
    for step in (refresh, load):
        step.add_argument("folder", type=Path, metavar="DIR", help="受領データのフォルダ")
        step.add_argument("--accept-shrink", action="store_true", help=shrink_help)
    judge_day = "判定する日（既定: 受領データのいちばん新しい日付）"
    as_of(refresh, judge_day)
    command("link", "読み込んだデータの名寄せをやり直します。")
    command("relink", "職員の名寄せの決定を反映します（名寄せと判定をやり直し、同じ日の新しい版を公開）。")
    as_of(command("judge", "名寄せ済みのデータで判定をやり直します。"), judge_day)

    replay = command(
        "replay", "過去の月末を、その日に分かっていたことだけで判定し直します（検証の画面で見ます）。"
    )
    replay.add_argument(
        "--months", type=_months, default=36, metavar="N", help="さかのぼる月数（既定 36、7〜120）"
    )

    export = command("export", "結果をCSV（UTF-8、BOM付き）に書き出します。操作ログに記録されます。")
    kinds = ["receipts", "quarantine", "links", "ranking", "items"]
    kind_help = "receipts 受領 / quarantine 保留行 / links 名寄せ / ranking 確認の順 / items リスク項目"
    export.add_argument("kind", choices=kinds, metavar="|".join(kinds), help=kind_help)
    export.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="書き出すファイル")

    command("verify", "操作ログとデータに異常がないかを調べ、あれば最初の場所を示します。")
    backup = command("backup", "職員が使っている最中でも、ひとまとまりの控えを作ります。")
    backup.add_argument("file", type=Path, metavar="FILE", help="控えのファイル")
    restore = command("restore", "控えから元に戻し、壊れがないことを確かめます。")
    restore.add_argument("file", type=Path, metavar="FILE", help="控えのファイル")

    account = command("account", "職員の利用者IDを作ります（パスワードは画面で聞きます）。")
    account.add_argument("user_id", metavar="ID", help="利用者ID（英小文字と数字）")
    account.add_argument("--name", required=True, metavar="氏名", help="画面と操作ログに出る氏名")
    account.add_argument(
        "--role", required=True, metavar="役割", help="data/roles.toml の役割（例 coordinator）"
    )
    account.add_argument("--department", required=True, metavar="課", help="data/departments.toml の課")

    start = command("start", "初回は架空の市を用意し、ダッシュボードを 127.0.0.1 で開きます。")
    start.add_argument(
        "--residents", type=_residents, default=60_000, metavar="N", help="架空の市の住民数（既定 60000）"
    )
    start.add_argument(
        "--city", type=Path, default=ROOT / "data" / "city", metavar="DIR", help="架空の市の置き場所"
    )
    start.add_argument("--port", type=int, default=8501, metavar="PORT", help="ポート番号（既定 8501）")
    start.add_argument("--no-open", action="store_true", help="用意だけして、画面は開きません")
    return top


def _demo(options: argparse.Namespace) -> int:
    from kodomo import synth

    bar = Bar()
    as_of = options.as_of or date(2026, 10, 31)
    summary = synth.generate(options.folder, options.residents, options.seed, as_of, progress=bar)
    bar.close()
    print(f"{options.folder} に架空の市を作りました（受領データは deliveries、正解は truth）。")
    rows = sum(summary.rows.values())
    print(
        f"住民 {summary.residents:,} 人、こども {summary.children:,} 人、{len(summary.rows)} 種類 {rows:,} 行"
    )
    return 0


def _steps(options: argparse.Namespace) -> int:
    from kodomo import pipeline
    from kodomo.snapshots import Family

    family, bar = Family(options.db), Bar()
    if options.command == "load":
        outcome = pipeline.load(family, options.folder, accept_shrink=options.accept_shrink, progress=bar)
    elif options.command == "link":
        outcome = pipeline.link(family, progress=bar)
    elif options.command == "relink":
        outcome = pipeline.relink(family, progress=bar)
    elif options.command == "judge":
        outcome = pipeline.judge_day(family, as_of=options.as_of, progress=bar)
    else:
        outcome = pipeline.refresh(
            family,
            options.folder,
            as_of=options.as_of,
            accept_shrink=options.accept_shrink,
            progress=bar,
        )
    bar.close()
    print("\n".join(outcome.lines))
    return outcome.exit_code


def _replay(options: argparse.Namespace) -> int:
    from kodomo import replay
    from kodomo.ops import open_store
    from kodomo.snapshots import Family

    family, bar = Family(options.db), Bar()
    made = replay.run(family, open_store(family), options.months, progress=bar)
    bar.close()
    print(
        f"{made.first} から {made.last} まで、{made.days} 回の月末を検証しました（判定基準 {made.ruleset}）。"
    )
    return 0


def _export(options: argparse.Namespace) -> int:
    from kodomo import pipeline
    from kodomo.snapshots import Family

    rows = pipeline.export(Family(options.db), options.kind, options.out)
    print(f"{options.out} に {rows:,} 行を書き出しました。")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from kodomo import pipeline
    from kodomo.snapshots import Family

    problems = pipeline.verify(Family(options.db))
    if not problems:
        print("操作ログとデータに異常はありません。")
        return 0
    print("異常が見つかりました。最初の場所:")
    print("\n".join(problems))
    return 1


def _backup(options: argparse.Namespace) -> int:
    from kodomo import backup
    from kodomo.snapshots import Family

    if options.command == "backup":
        backup.backup(Family(options.db), options.file)
        print(f"{options.file} に控えを作りました。鍵（.key）は含みません。別の場所で保管してください。")
        return 0
    backup.restore(Family(options.db), options.file)
    print("控えから元に戻し、操作ログとデータに異常がないことを確かめました。")
    return 0


def _account(options: argparse.Namespace) -> int:
    from kodomo import accounts, audit
    from kodomo.ops import open_store
    from kodomo.snapshots import Family

    password = getpass("はじめのパスワード（12文字以上。最初のログインで変えてもらいます）: ")
    accounts.create(
        open_store(Family(options.db)),
        audit.SYSTEM,
        options.user_id,
        options.name,
        options.department,
        options.role,
        password,
    )
    print(f"利用者ID {options.user_id} を作りました。")
    return 0


def _start(options: argparse.Namespace) -> int:
    from kodomo import start

    bar = Bar()
    start.prepare(options.db, options.city, options.residents, progress=bar)
    bar.close()
    return 0 if options.no_open else start.open_dashboard(options.db, options.port)


COMMANDS = {
    "demo": _demo,
    "refresh": _steps,
    "load": _steps,
    "link": _steps,
    "relink": _steps,
    "judge": _steps,
    "replay": _replay,
    "export": _export,
    "verify": _verify,
    "backup": _backup,
    "restore": _backup,
    "account": _account,
    "start": _start,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `python -m kodomo`; those of the process when None.

    Returns:
        0 done, 1 done with a refused file or a failed check, 2 nothing could be done.
    """
    try:
        options = parser().parse_args(arguments)
    except SystemExit as leaving:  # argparse leaves by itself: 0 after --help, 2 on wrong words
        return leaving.code if isinstance(leaving.code, int) else NOTHING_DONE
    try:
        return COMMANDS[options.command](options)
    except KodomoError as refusal:
        print(refusal, file=sys.stderr)
    except PermissionError:
        print(
            "フォルダやファイルを読み書きする権限がありません。置き場所を確かめてください。", file=sys.stderr
        )
    except OSError as trouble:
        reason = trouble.strerror or "原因不明"
        print(
            f"ファイルを読み書きできませんでした（{reason}）。空き容量と置き場所を確かめてください。",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("\n中止しました。前の版はそのまま使えます。", file=sys.stderr)
    return NOTHING_DONE
