"""Menu: the screens there are, in their order, and the right each one needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kodomo.paths import ROOT

PAGES = ROOT / "pages"


@dataclass(frozen=True)
class Screen:
    """One screen: its name is the file in pages/ and the address; `action` is the right it needs.

    `listed` false keeps it out of the menu (it is reached from another screen).
    """

    name: str
    title: str
    icon: str
    action: str
    group: str
    listed: bool = True

    @property
    def path(self) -> Path:
        """The file of the screen."""
        return PAGES / f"{self.name}.py"


SCREENS = (
    Screen("home", "今日の仕事", ":material/today:", "view_home", ""),
    Screen("children", "こども一覧", ":material/format_list_numbered:", "view_list", "こども"),
    Screen("child", "こども", ":material/person:", "view_child", "こども", listed=False),
    Screen("pregnancies", "妊婦", ":material/pregnant_woman:", "view_pregnancy", "こども"),
    Screen("expectant", "妊婦の画面", ":material/person:", "view_expectant", "こども", listed=False),
    Screen("watch", "重篤化の見張り", ":material/trending_up:", "view_list", "こども"),
    Screen("missed", "支援漏れ", ":material/volunteer_activism:", "view_missed", "こども"),
    Screen("tuning", "アラートレベル調整", ":material/tune:", "tune_preview", "判定"),
    Screen("rules", "判定条件", ":material/rule:", "view_rules", "判定"),
    Screen("replay", "検証", ":material/fact_check:", "view_replay", "判定"),
    Screen("outcomes", "成果指標", ":material/monitoring:", "view_outcomes", "判定"),
    Screen("matching", "名寄せ確認", ":material/join_inner:", "view_links", "データ"),
    Screen("deliveries", "データ連携状況", ":material/inventory_2:", "view_intake", "データ"),
    Screen("oplog", "操作ログ", ":material/history:", "view_log", "管理"),
    Screen("guide", "使い方", ":material/help:", "view_guide", "管理"),
)


def screens() -> list[Screen]:
    """The screens whose file is there, in the order of the menu."""
    return [screen for screen in SCREENS if screen.path.is_file()]


def screen(name: str) -> Screen:
    """The screen of that name.

    Raises:
        KeyError: there is none.
    """
    return next(found for found in SCREENS if found.name == name)
