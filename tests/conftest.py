"""A small judged city for every test that needs children, levels and events; made once for a run."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from kodomo import accounts, pipeline, synth
from kodomo.ops import OpsStore, load_key
from kodomo.snapshots import Family

DAY = date(2026, 10, 31)
RESIDENTS = 2500
HOSTILE = (
    "<b>さくら</b><script>document.title='x'</script>",
    "Robert'); drop table child;--",
    '=HYPERLINK("http://example.invalid","開く")',
)


@pytest.fixture(scope="session")
def judged_city(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """A synthetic city, loaded, matched and judged the ordinary way, with demo accounts. Never write to it.

    The three children first in the order of checking are called by HTML, SQL and a formula; the fourth one's
    address is protected.
    """
    folder = tmp_path_factory.mktemp("city")
    synth.generate(folder / "made", RESIDENTS, 1, DAY)
    family = Family(folder / "stores" / "kodomo.duckdb")
    pipeline.refresh(family, folder / "made" / "deliveries", as_of=DAY)
    with family.build() as (con, build):
        first = con.execute(
            "select resident_id from judgement where rank <= 4 group by resident_id, rank order by rank"
        ).fetchall()
        for (resident,), name in zip(first, HOSTILE, strict=False):
            con.execute("update child set name = ? where resident_id = ?", [name, resident])
        con.execute("update child set protected = true where resident_id = ?", [first[3][0]])
        build.stage = "judged"
    store = OpsStore(family.ops_path, load_key(family.key_path), anchor_path=family.anchor_path)
    try:
        accounts.create_demo(store)
    finally:
        store.close()
    return family


@pytest.fixture
def own_city(judged_city: Family, tmp_path: Path) -> Family:
    """A copy of the judged city that a test may change."""
    folder = tmp_path / "stores"
    shutil.copytree(judged_city.folder, folder)
    return Family(folder / f"{judged_city.stem}.duckdb")
