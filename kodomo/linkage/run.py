"""Run: the whole of matching inside a build, from the load layer to `link` and `link_candidate`."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from kodomo.contracts import load_contracts
from kodomo.linkage import curve, register_keys, waterfall
from kodomo.linkage import decide as judge
from kodomo.linkage.anomalies import UNSAFE, Anomaly, find_anomalies
from kodomo.linkage.encode import Vocabulary, school_keys
from kodomo.linkage.engine import (
    Bridge,
    Engine,
    Records,
    Residents,
    Weighed,
    code_records,
    code_residents,
    take_records,
)
from kodomo.linkage.model import Model, learn, log_odds, prior_m, rival_odds, share
from kodomo.linkage.sources import (
    BRIDGE,
    ONE_TO_ONE,
    PERSON_EXTRACTS,
    read_records,
    read_register,
    read_schools,
)

Progress = Callable[[str, float], None]
MODEL_VERSION = "1"
TRIAL_ROWS = 1000
LINK_COLUMNS = {
    "extract": "varchar",
    "record_key": "varchar",
    "resident_id": "varchar",
    "status": "varchar",
    "probability": "double",
    "reasons": "varchar",
    "decided_by": "varchar",
    "decided_at": "varchar",
}
CANDIDATE_COLUMNS = {
    "extract": "varchar",
    "record_key": "varchar",
    "rank": "integer",
    "resident_id": "varchar",
    "probability": "double",
    "weight": "double",
    "reasons": "varchar",
    # one number for each of waterfall.STEPS, adding up to the weight, and for each of waterfall.LEVELS
    "bits": "float[]",
    "levels": "tinyint[]",
}

WARNING_COLUMNS = {
    "extract": "varchar",
    "kind": "varchar",
    "rows": "integer",
    "share": "double",
    "message": "varchar",
}


@dataclass
class LinkSummary:
    """What matching did: rows per extract and status, warnings about whole files, and where the time went.

    counts: extract → status → rows. warnings: Japanese sentences. seconds: per step. model: what was
    learned. titles: what staff call each extract. hidden: the trial of `_hide_numbers`.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    model: dict[str, object] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    hidden: tuple[int, int, int] | None = None

    def total(self, status: str) -> int:
        """Return how many rows have this status."""
        return sum(counts.get(status, 0) for counts in self.counts.values())

    def lines(self) -> list[str]:
        """Return the summary as sentences for staff."""
        rows = sum(sum(counts.values()) for counts in self.counts.values())
        linked = self.total("auto") + self.total("confirmed")
        nobody = self.total("none") + self.total("rejected")
        out = [
            f"名寄せ：{rows:,}行のうち{linked:,}行を住民と結びつけました"
            f"（職員の確認待ち{self.total('review'):,}行、該当なし{nobody:,}行）。"
        ]
        for extract, counts in self.counts.items():
            got = {status: f"{counts.get(status, 0):,}" for status in ("auto", "confirmed", "review")}
            nobody = counts.get("none", 0) + counts.get("rejected", 0)
            out.append(
                f"　{self.titles.get(extract, extract)}：自動{got['auto']}・確認済み{got['confirmed']}・"
                f"確認待ち{got['review']}・該当なし{nobody:,}"
            )
        return out + self.warnings


@dataclass
class Stage:
    """The outcome of matching one set of records."""

    records: Records
    weighed: Weighed
    odds: np.ndarray
    ranked: judge.Ranked
    verdict: judge.Verdict
    model: Model
    anomalies: list[Anomaly]
    # what the machine would have said, had nobody called a pair different
    unaided: judge.Verdict
    numbered: np.ndarray


def link(
    con: duckdb.DuckDBPyConnection, *, decisions: pd.DataFrame | None = None, progress: Progress | None = None
) -> LinkSummary:
    """Match every row of the person extracts and write `link` and `link_candidate`.

    Args:
        con: a build's connection with the `src_*` tables.
        decisions: what people decided, one row each: extract, record_key, resident_id, decision ('same' or
            'different'; with resident_id None different from everybody), decided_by, decided_at. The newest
            decision on a pair counts, and so on every refresh.
        progress: told the step and its share done (0 to 1).

    Returns:
        Rows per extract and status, warnings about whole files, seconds per step.
    """
    with _no_collection():
        return _link(con, decisions, progress or (lambda step, share: None))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the cycle collector back: it walks a million live strings again and again and finds nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _link(con: duckdb.DuckDBPyConnection, decisions: pd.DataFrame | None, tell: Progress) -> LinkSummary:
    summary = LinkSummary(titles={name: contract.title for name, contract in load_contracts().items()})
    clock = time.perf_counter()

    def lap(step: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        summary.seconds[step] = round(summary.seconds.get(step, 0.0) + now - clock, 3)
        clock = now

    tell("名寄せ：読み込み", 0.05)
    frame, schools = read_records(con), read_schools(con)
    lap("read")
    tell("名寄せ：氏名と住所をそろえる", 0.15)
    residents, voc = _residents(con)
    lap("residents")
    groups = {extract: number for number, extract in enumerate(PERSON_EXTRACTS)}
    records = code_records(frame, residents, voc, groups)
    lap("records")
    chosen = _decided(decisions)
    engine = Engine(residents, voc)
    lap("frequencies")
    stages: list[Stage] = []
    known: curve.Known | None = None
    try:
        bridging = (frame["extract"] == BRIDGE).to_numpy() if len(frame) else np.array([], dtype=bool)
        tell("名寄せ：学齢簿", 0.4)
        bridge = Bridge.nothing()
        if bridging.any():
            school = take_records(records, np.flatnonzero(bridging))
            stages.append(_match(engine, school, bridge, chosen, summary.titles, bridging=True))
            bridge = _bridge(stages[0], schools, residents, voc, chosen)
            lap("bridge")
            summary.hidden, known = _hide_numbers(engine, school, stages[0], summary.titles)
            lap("trial")
        tell("名寄せ：名簿と相談", 0.6)
        if not bridging.all():
            others = take_records(records, np.flatnonzero(~bridging))
            stages.append(_match(engine, others, bridge, chosen, summary.titles, bridging=False))
        lap("persons")
    finally:
        engine.close()
    tell("名寄せ：書き込み", 0.9)
    _write(con, stages, residents, chosen, known, summary)
    lap("write")
    tell("名寄せ", 1.0)
    return summary


def _residents(con: duckdb.DuckDBPyConnection) -> tuple[Residents, Vocabulary]:
    """Return the coded register: as the snapshot keeps it, or read and kept now where it has changed."""
    marked = register_keys.mark(con)
    found = register_keys.kept(con, marked)
    if found is None:
        voc = Vocabulary()
        found = code_residents(read_register(con), voc), voc
        register_keys.keep(con, marked, *found)
    return found


def _decided(decisions: pd.DataFrame | None) -> pd.DataFrame:
    """Return the newest decision on each pair, and of two "same" on one record only the newer."""
    columns = ["extract", "record_key", "resident_id", "decision", "decided_by", "decided_at"]
    if decisions is None or not len(decisions):
        return pd.DataFrame(columns=columns)
    frame = decisions[columns].copy()
    frame["decided_at"] = frame["decided_at"].astype(str)
    frame["order"] = np.arange(len(frame))
    frame = frame.sort_values(["decided_at", "order"], kind="stable")
    frame = frame.drop_duplicates(["extract", "record_key", "resident_id"], keep="last")
    same = frame[frame["decision"] == "same"].drop_duplicates(["extract", "record_key"], keep="last")
    different = frame[frame["decision"] == "different"]
    return pd.concat([same, different], ignore_index=True)[columns]


def _match(
    engine: Engine,
    records: Records,
    bridge: Bridge,
    decided: pd.DataFrame,
    names: dict[str, str],
    *,
    bridging: bool,
) -> Stage:
    """Find, weigh and decide the records of one stage; `bridging` says that they may bring numbers."""
    residents = engine.residents
    numbers = None
    unknown = np.zeros(len(records), dtype=bool)
    if bridging:
        number = records.frame["number"]
        position = pd.Series(np.arange(len(residents)), index=residents.ids, dtype="int64")
        numbers = position.reindex(number.to_numpy(dtype=object)).fillna(-1).to_numpy(dtype="int64")
        unknown = (number.notna() & (number != "")).to_numpy() & (numbers < 0)
    numbered = numbers >= 0 if numbers is not None else np.zeros(len(records), dtype=bool)
    weighed = engine.weigh(records, bridge, numbers=numbers)
    return _judge(engine, records, weighed, decided, names, numbered=numbered, unknown=unknown)


def _judge(
    engine: Engine,
    records: Records,
    weighed: Weighed,
    decided: pd.DataFrame,
    names: dict[str, str],
    *,
    numbered: np.ndarray,
    unknown: np.ndarray,
) -> Stage:
    """Learn from the weighed pairs and decide on every record.

    numbered, unknown: per record, whether it brings a number the register knows, and one it does not know.
    """
    residents = engine.residents
    frame = records.frame
    evidence = weighed.evidence
    current = residents.current[weighed.pairs.person]
    population = max(engine.population, 2)

    groups = sorted(set(records.group.tolist()))
    titles = {number: names.get(extract, extract) for number, extract in enumerate(PERSON_EXTRACTS)}
    start = prior_m()
    first = Model(
        start, dict.fromkeys(groups, start), dict.fromkeys(groups, 0.95), population, engine.household_size
    )
    odds = log_odds(evidence, first)
    belief = share(evidence, odds)
    ranked = judge.rank(weighed, odds, belief, current)
    top, sure = _tops(ranked, len(records))
    anomalies = find_anomalies(weighed, top, sure, records, residents, titles)
    shifted = {anomaly.group for anomaly in anomalies if anomaly.kind in UNSAFE}
    suspect = np.isin(records.group, sorted(shifted))

    teaching = ~np.isin(evidence.group, sorted(shifted))
    model = learn(evidence, population, engine.household_size, rows=teaching)
    for group in shifted:
        model.by_group[group] = prior_m()
    odds = log_odds(evidence, model)
    between = rival_odds(evidence, model)
    exclusive = frame["extract"].isin(ONE_TO_ONE).to_numpy() & frame["current"].to_numpy(dtype=bool)

    def judged() -> tuple[judge.Ranked, judge.Verdict]:
        ranked = judge.rank(weighed, odds, share(evidence, odds), current)
        verdict = judge.decide(
            weighed,
            ranked,
            len(records),
            between=share(evidence, between),
            group=records.group,
            suspect=suspect,
            numbered=numbered,
            number_unknown=unknown,
        )
        judge.one_to_one(verdict, weighed, odds, exclusive, numbered)
        return ranked, verdict

    ranked, verdict = judged()
    unaided = verdict
    excluded = _excluded(weighed, records, residents, decided)
    if excluded.any():
        odds[excluded] = between[excluded] = -np.inf
        ranked, verdict = judged()
    return Stage(records, weighed, odds, ranked, verdict, model, anomalies, unaided, numbered)


def _tops(ranked: judge.Ranked, records: int) -> tuple[np.ndarray, np.ndarray]:
    top, belief = np.full(records, -1, dtype="int64"), np.zeros(records)
    first = ranked.rank == 1
    top[ranked.record[first]] = ranked.row[first]
    belief[ranked.record[first]] = ranked.belief[first]
    return top, belief


def _excluded(weighed: Weighed, records: Records, residents: Residents, decided: pd.DataFrame) -> np.ndarray:
    """Return the pairs that a person called different (bool per pair)."""
    different = decided[decided["decision"] == "different"]
    out = np.zeros(len(weighed.pairs), dtype=bool)
    if not len(different):
        return out
    row_of = {
        key: i
        for i, key in enumerate(zip(records.frame["extract"], records.frame["record_key"], strict=True))
    }
    person_of = {resident: i for i, resident in enumerate(residents.ids)}
    keys = (weighed.pairs.record.astype("int64") << 32) | weighed.pairs.person
    bad = [
        (row_of[extract, key] << 32) | person_of[resident]
        for extract, key, resident in zip(
            different["extract"], different["record_key"], different["resident_id"], strict=True
        )
        if (extract, key) in row_of and resident in person_of
    ]
    return np.isin(keys, np.array(bad, dtype="int64"))


def _hide_numbers(
    engine: Engine, school: Records, stage: Stage, titles: dict[str, str]
) -> tuple[tuple[int, int, int] | None, curve.Known | None]:
    """Match some rows of 学齢簿 with their 宛名番号 hidden: the one honest figure on a city's own data.

    Returns:
        (rows, linked automatically, of these to the resident of the number), and the same for the curve; None
        where no row has a number.
    """
    if not len(stage.weighed.pairs):
        return None, None
    owner = np.where(stage.verdict.top >= 0, stage.weighed.evidence.owner[stage.verdict.top], -1)
    sure = np.flatnonzero((owner == 1) & (stage.verdict.status == "auto"))
    if not len(sure):
        return None, None
    rows = sure[np.unique(np.linspace(0, len(sure) - 1, min(TRIAL_ROWS, len(sure))).astype("int64"))]
    true = stage.weighed.pairs.person[stage.verdict.top[rows]]
    none = np.zeros(len(rows), dtype=bool)
    tried = _judge(
        engine,
        take_records(school, rows),
        stage.weighed.blind(rows),
        _decided(None),
        titles,
        numbered=none,
        unknown=none,
    )
    if not len(tried.weighed.pairs):
        return (len(rows), 0, 0), None
    linked = tried.verdict.status == "auto"
    found = tried.weighed.pairs.person[np.maximum(tried.verdict.top, 0)]
    counts = len(rows), int(linked.sum()), int((linked & (found == true)).sum())
    return counts, curve.Known.of(tried.verdict, found != true, np.ones(len(rows), dtype=bool))


def _decided_rows(stage: Stage, residents: Residents, decided: pd.DataFrame) -> curve.Known:
    """Return the rows matched by person that people have decided, and where the machine says otherwise."""
    frame, top = stage.records.frame, stage.unaided.top
    known = np.zeros(len(frame), dtype=bool)
    wrong = np.zeros(len(frame), dtype=bool)
    if len(decided) and len(stage.weighed.pairs):
        row_of = {key: i for i, key in enumerate(zip(frame["extract"], frame["record_key"], strict=True))}
        found = residents.ids[stage.weighed.pairs.person[np.maximum(top, 0)]]
        for row in decided.itertuples():
            i = row_of.get((row.extract, row.record_key))
            if i is None or top[i] < 0 or stage.numbered[i]:
                continue
            named = row.resident_id if isinstance(row.resident_id, str) else ""
            if row.decision == "same":
                known[i], wrong[i] = True, found[i] != named
            elif not known[i] and (not named or found[i] == named):
                known[i] = wrong[i] = True
    return curve.Known.of(stage.unaided, wrong, known)


def _curve(
    stages: list[Stage], residents: Residents, decided: pd.DataFrame, trial: curve.Known | None
) -> pd.DataFrame:
    parts = [curve.Rows.of(stage.verdict, ~stage.numbered) for stage in stages]
    known = [_decided_rows(stage, residents, decided) for stage in stages]
    # 学齢簿 has a line of its own, but nearly all its rows bring a number: shown is the last stage's.
    line = stages[-1].verdict.cut if stages else None
    return curve.draw(parts, known + ([] if trial is None else [trial]), line)


def _bridge(
    stage: Stage, schools: pd.DataFrame, residents: Residents, voc: Vocabulary, decided: pd.DataFrame
) -> Bridge:
    """Return what linked rows of 学齢簿 add: schools, and names and guardians of checked rows.

    A row is checked when its number and its name agree, or when a person said whose it is.
    """
    keys = stage.records.frame["record_key"].to_numpy()
    person = np.full(len(keys), -1, dtype="int64")
    auto = np.flatnonzero(stage.verdict.status == "auto")
    checked = np.zeros(len(keys), dtype=bool)
    if len(auto):
        person[auto] = stage.weighed.pairs.person[stage.verdict.top[auto]]
        checked[auto] = stage.weighed.evidence.owner[stage.verdict.top[auto]] == 1
    ours = decided[decided["extract"] == BRIDGE]
    if len(ours):
        row_of = {key: i for i, key in enumerate(keys)}
        number_of = {resident: i for i, resident in enumerate(residents.ids)}
        for row in ours.sort_values("decision", kind="stable").itertuples():  # different before same
            i = row_of.get(row.record_key)
            if i is None:
                continue
            if row.decision == "same":
                person[i] = number_of.get(row.resident_id, -1)
                checked[i] = person[i] >= 0
            elif not isinstance(row.resident_id, str):
                person[i], checked[i] = -1, False
    linked, sure = np.flatnonzero(person >= 0), np.flatnonzero(checked)
    if not len(linked):
        return Bridge.nothing()
    owner = pd.Series(person[linked], index=keys[linked])
    mine = owner.reindex(schools["record_key"].to_numpy())
    known = mine.notna().to_numpy()
    codes = voc.school.add(school_keys(schools["school_name"][known], schools["school_code"][known], {}))
    pairs = np.unique(np.stack([mine[known].to_numpy(dtype="int64"), codes.astype("int64")], axis=1), axis=0)
    pairs = pairs[pairs[:, 1] >= 0]
    named = person[sure].astype("int32")
    return Bridge(
        pairs[:, 0].astype("int32"),
        pairs[:, 1].astype("int32"),
        named,
        stage.records.names.take(sure),
        named,
        stage.records.guardian.take(sure),
    )


def _write(
    con: duckdb.DuckDBPyConnection,
    stages: list[Stage],
    residents: Residents,
    decided: pd.DataFrame,
    trial: curve.Known | None,
    summary: LinkSummary,
) -> None:
    links, candidates, bits, levels = [], [], [], []
    for stage in stages:
        link_rows, candidate_rows, shown = _rows(stage, residents)
        links.append(link_rows)
        candidates.append(candidate_rows)
        bits.append(waterfall.steps(stage.weighed, stage.model, stage.odds, shown))
        levels.append(waterfall.levels(stage.weighed, shown))
        summary.warnings += [anomaly.message for anomaly in stage.anomalies]
    linked = pd.concat(links or [pd.DataFrame(columns=list(LINK_COLUMNS))], ignore_index=True)
    offered = pd.concat(candidates or [pd.DataFrame(columns=list(CANDIDATE_COLUMNS))], ignore_index=True)
    linked = _apply_decisions(linked, decided)
    order = {extract: number for number, extract in enumerate(PERSON_EXTRACTS)}
    anomalies = [anomaly for stage in stages for anomaly in stage.anomalies]
    extracts = list(PERSON_EXTRACTS)
    noted = pd.DataFrame(
        [(extracts[each.group], each.kind, each.rows, each.share, each.message) for each in anomalies],
        columns=list(WARNING_COLUMNS),
    )
    drawn = _curve(stages, residents, decided, trial)
    for name, frame, columns, by in (
        ("link", linked, LINK_COLUMNS, "o, record_key"),
        ("link_candidate", offered, CANDIDATE_COLUMNS, "o, record_key, rank"),
        ("link_warning", noted, WARNING_COLUMNS, "o, kind"),
        ("link_curve", drawn, curve.COLUMNS, "cut"),
    ):
        if "extract" in frame:
            frame = frame.assign(o=frame["extract"].map(order))
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if name == "link_candidate" and stages:
            table = table.append_column("bits", _rows_of_numbers(np.concatenate(bits)))
            table = table.append_column("levels", _rows_of_numbers(np.concatenate(levels)))
        con.register("incoming_links", table)
        select = ", ".join(f"{column}::{kind} as {column}" for column, kind in columns.items())
        con.execute(f"create or replace table {name} as select {select} from incoming_links order by {by}")
        con.unregister("incoming_links")
    for extract in PERSON_EXTRACTS:
        counts = linked.loc[linked["extract"] == extract, "status"].value_counts()
        if len(counts):
            summary.counts[extract] = {str(status): int(n) for status, n in sorted(counts.items())}
    for stage in stages:
        for group, registered in stage.model.registered.items():
            summary.model[list(PERSON_EXTRACTS)[group]] = {"registered": round(registered, 6)}
    con.execute("create table if not exists meta (key varchar, value varchar)")
    values = {"linkage_model": MODEL_VERSION}
    if summary.hidden is not None:
        values["linkage_hidden"] = ",".join(map(str, summary.hidden))
    for key, value in values.items():
        con.execute("delete from meta where key = ?", [key])
        con.execute("insert into meta values (?, ?)", [key, value])


def _rows_of_numbers(values: np.ndarray) -> pa.Array:
    """Return a table of numbers as one column of lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _rows(stage: Stage, residents: Residents) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return the links, the candidates kept, and which weighed pairs the candidates are."""
    verdict, weighed, frame = stage.verdict, stage.weighed, stage.records.frame
    has = verdict.top >= 0
    person = np.zeros(len(frame), dtype="int64")
    person[has] = weighed.pairs.person[verdict.top[has]]
    shown = has & (verdict.status != "none")
    text = np.full(len(frame), "", dtype=object)
    text[shown] = judge.reasons(weighed, verdict.top[shown])
    flags = np.array(judge.FLAGS, dtype=object)[verdict.flag]
    text = np.array(
        [f"{a}；{b}" if a and b else a or b for a, b in zip(text, flags, strict=True)], dtype=object
    )
    resident = np.full(len(frame), None, dtype=object)
    if len(residents):
        resident[shown] = residents.ids[person[shown]]
    links = pd.DataFrame(
        {
            "extract": frame["extract"],
            "record_key": frame["record_key"],
            "resident_id": resident,
            "status": verdict.status,
            "probability": np.round(verdict.belief, 6),
            "reasons": text,
            "decided_by": None,
            "decided_at": None,
        }
    )
    ranked = stage.ranked
    automatic = verdict.status[ranked.record] == "auto"
    kept = ~automatic | (ranked.rank <= 2)
    rows = ranked.row[kept]
    offered = pd.DataFrame(
        {
            "extract": frame["extract"].to_numpy()[ranked.record[kept]],
            "record_key": frame["record_key"].to_numpy()[ranked.record[kept]],
            "rank": ranked.rank[kept],
            "resident_id": residents.ids[weighed.pairs.person[rows]]
            if len(residents)
            else np.array([], dtype=object),
            "probability": np.round(ranked.belief[kept], 6),
            "weight": np.round(ranked.odds[kept] / np.log(2), 3),
            "reasons": judge.reasons(weighed, rows),
        }
    )
    return links, offered, rows


def _apply_decisions(links: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """Put people's decisions over the machine's: "same" confirms, "different" with nobody left rejects."""
    if not len(decided) or not len(links):
        return links
    at = {key: i for i, key in enumerate(zip(links["extract"], links["record_key"], strict=True))}
    values = {name: links[name].to_numpy(dtype=object).copy() for name in links.columns}
    order = decided.assign(last=(decided["decision"] == "same")).sort_values("last", kind="stable")
    for row in order.itertuples():
        i = at.get((row.extract, row.record_key))
        if i is None:
            continue
        if row.decision == "same":
            values["resident_id"][i], values["status"][i], values["probability"][i] = (
                row.resident_id,
                "confirmed",
                1.0,
            )
            values["reasons"][i] = judge.FLAGS[judge.CONFIRMED]
        elif values["status"][i] == "none" or not row.resident_id:
            values["status"][i], values["resident_id"][i] = "rejected", None
            values["reasons"][i] = judge.FLAGS[judge.REJECTED]
        else:
            continue
        values["decided_by"][i], values["decided_at"][i] = row.decided_by, row.decided_at
    return pd.DataFrame(values)
