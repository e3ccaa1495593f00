"""Model: how much each agreement weighs, learned on the city's own rows from sensible first values.

A Fellegi–Sunter model with two refinements. All candidates of a record share one unit of belief with "not
in the register" (a record is one person). And a wrong candidate is either a stranger or somebody of the same
household, who shares surname, address and guardian by nature: a twin's agreement is explained by that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# m: the share of true pairs at each level, before the city's own rows have spoken. Index = level.
PRIOR_M: dict[str, list[float]] = {
    "mei": [0.0015, 0.0015, 0.010, 0.010, 0.020, 0.017, 0.20, 0.74],
    "sei": [0.018, 0.002, 0.010, 0.008, 0.012, 0.017, 0.20, 0.73, 0.003],
    "dob": [0.001, 0.002, 0.005, 0.004, 0.010, 0.003, 0.005, 0.97],
    "sex": [0.004, 0.996],
    "address": [0.05, 0.02, 0.015, 0.02, 0.50, 0.395],
    "guardian": [0.08, 0.001, 0.05, 0.869],
    "school": [0.04, 0.96],
    "grade": [0.05, 0.95],
    "age": [0.02, 0.08, 0.90],
    "stay": [0.01, 0.99],
}
# u: the share of strangers at each level where it does not follow from how frequent the value is.
BACKGROUND_U: dict[str, list[float]] = {
    "mei": [0.93, 0.06, 0.006, 0.002, 0.002, 0.001, 0.002, 0.001],
    "sei": [0.96, 0.03, 0.006, 0.004, 0.004, 0.002, 0.004, 0.004, 1e-6],
    "dob": [0.92, 0.072, 0.01, 0.0025, 0.0015, 3e-5, 6e-5, 3e-5],
    "sex": [0.5, 0.5],
    "address": [0.965, 0.028, 0.006, 0.0005, 0.0001, 0.0001],
    "guardian": [0.979, 0.001, 0.018, 0.002],
    "school": [0.97, 0.03],
    "grade": [0.93, 0.07],
    "age": [0.96, 0.027, 0.013],
    "stay": [0.1, 0.9],
}
# The same for members of one household (address and guardian agree there as for the person itself).
HOUSEHOLD_U: dict[str, list[float]] = {
    "mei": [0.80, 0.15, 0.035, 0.006, 0.006, 0.002, 0.0006, 0.0004],
    "sei": [0.05, 0.002, 0.003, 0.002, 0.002, 0.011, 0.20, 0.73, 1e-5],
    "dob": [0.88, 0.085, 0.01, 0.006, 0.004, 0.0005, 0.0005, 0.015],
    "sex": [0.5, 0.5],
    "school": [0.4, 0.6],
    "grade": [0.85, 0.15],
    "age": [0.85, 0.1, 0.05],
}
FIELDS = tuple(PRIOR_M)
PRIOR_STRENGTH = 400.0
EXTRACT_STRENGTH = 300.0
REGISTERED_PRIOR = (57.0, 3.0)
# Of rows that bring a number, so many bring the right one until the city's rows say otherwise.
NUMBER_RIGHT = 0.995
ROUNDS = 25


@dataclass
class Evidence:
    """The candidate pairs of one stage, in order of record.

    levels: int8 level per field, -1 not comparable. stranger: log of the levels' chance among strangers.
    household: the same among members of the record's own household, without address and guardian.
    owner: the pair's person is the one whose number the record brings (1), is not (0), or there is none (-1).
    """

    record: np.ndarray
    levels: dict[str, np.ndarray]
    stranger: np.ndarray
    household: np.ndarray
    owner: np.ndarray
    group: np.ndarray
    records: int
    record_group: np.ndarray


@dataclass
class Model:
    """What was learned: m per field, pooled and per group of records, and the registered share per group."""

    m: dict[str, np.ndarray]
    by_group: dict[int, dict[str, np.ndarray]]
    registered: dict[int, float]
    population: int
    household_size: float
    pairs: int = 0
    notes: list[str] = field(default_factory=list)


def prior_m() -> dict[str, np.ndarray]:
    """Return the first values of m, each summing to 1."""
    return {name: np.array(share) / sum(share) for name, share in PRIOR_M.items()}


def _log_match(evidence: Evidence, m: dict[str, np.ndarray]) -> np.ndarray:
    total = np.zeros(len(evidence.record))
    for name in FIELDS:
        table = np.append(np.log(np.maximum(m[name], 1e-9)), 0.0)  # the last cell serves level -1
        total += table[evidence.levels[name]]
    return total


def _log_household_only(evidence: Evidence, m: dict[str, np.ndarray]) -> np.ndarray:
    """Address, guardian and stay of a household member agree as the person's own do."""
    total = np.zeros(len(evidence.record))
    for name in ("address", "guardian", "stay"):
        table = np.append(np.log(np.maximum(m[name], 1e-9)), 0.0)
        total += table[evidence.levels[name]]
    return total


def log_odds(evidence: Evidence, model: Model) -> np.ndarray:
    """Return per pair the log odds that it is the same person, the prior included, rivals not yet heard."""
    same, other = _same_and_other(evidence, model)
    return same - other


def rival_odds(evidence: Evidence, model: Model) -> np.ndarray:
    """Return log odds like `log_odds`, but fit to weigh the candidates of one record against each other.

    `log_odds` asks "this child or nobody we know" and counts a home shared with others against its candidate
    (an unregistered twin would live there too). Between two namesakes the shared home says nothing against
    the one: both are weighed against strangers, and the likeliest unknown housemate stands against both.
    """
    same, other = _same_and_other(evidence, model)
    housemate = np.full(evidence.records, 0.0)
    np.maximum.at(housemate, evidence.record, other - evidence.stranger)
    return same - evidence.stranger - housemate[evidence.record]


def _same_and_other(evidence: Evidence, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Log chance of the levels for the same person, the prior included, and for anybody else."""
    match = np.zeros(len(evidence.record))
    home = np.zeros(len(evidence.record))
    registered = np.zeros(len(evidence.record))
    for group, m in model.by_group.items():
        rows = evidence.group == group
        if not rows.any():
            continue
        part = _subset(evidence, rows)
        match[rows] = _log_match(part, m)
        home[rows] = evidence.household[rows] + _log_household_only(part, m)
        registered[rows] = model.registered[group]
    other = _log_other(evidence, home, model.household_size, model.population)
    return _prior_odds(evidence, model.population, registered) + match, other


def _log_other(evidence: Evidence, home: np.ndarray, size: float, population: int) -> np.ndarray:
    """Log chance of the levels for anybody else: mostly strangers, a few of the same household."""
    share = min(size, 10.0) / max(population, 2)
    return np.logaddexp(evidence.stranger + np.log1p(-min(share, 0.5)), home + np.log(share))


def _prior_odds(evidence: Evidence, population: int, registered: np.ndarray | float) -> np.ndarray:
    """Log odds, before looking at the levels, of this person against "not in the register"."""
    person = np.log(registered) - np.log(max(population, 2))
    nobody = np.log1p(-np.asarray(registered))
    open_rows = person - nobody
    owner = np.log(NUMBER_RIGHT) - np.log(0.5 * (1 - NUMBER_RIGHT))
    other = np.log(0.5 * (1 - NUMBER_RIGHT)) - np.log(max(population, 2)) - np.log(0.5 * (1 - NUMBER_RIGHT))
    return np.where(evidence.owner < 0, open_rows, np.where(evidence.owner > 0, owner, other))


def share(evidence: Evidence, odds: np.ndarray) -> np.ndarray:
    """Return each pair's share of its record's belief; "not in the register" keeps one part in odds form."""
    top = np.zeros(evidence.records)
    if len(odds):
        start = np.flatnonzero(np.concatenate([[True], evidence.record[1:] != evidence.record[:-1]]))
        top[evidence.record[start]] = np.maximum(np.maximum.reduceat(odds, start), 0.0)
    weight = np.exp(odds - top[evidence.record])
    total = np.bincount(evidence.record, weight, evidence.records) + np.exp(-top)
    return weight / total[evidence.record]


def _subset(evidence: Evidence, rows: np.ndarray) -> Evidence:
    return Evidence(
        evidence.record[rows],
        {name: level[rows] for name, level in evidence.levels.items()},
        evidence.stranger[rows],
        evidence.household[rows],
        evidence.owner[rows],
        evidence.group[rows],
        evidence.records,
        evidence.record_group,
    )


def learn(
    evidence: Evidence, population: int, household_size: float, *, rows: np.ndarray | None = None
) -> Model:
    """Learn m and the registered share by expectation and maximisation with competition inside each record.

    The first values count as 400 true pairs, so that five rows in a village leave them as they are and a
    city's own rows overrule them. Afterwards each extract may differ as far as its rows show it.
    `rows` names the pairs that may teach (bool), all by default.
    """
    first = prior_m()
    groups = sorted(set(evidence.record_group.tolist()))
    m = {name: value.copy() for name, value in first.items()}
    a, b = REGISTERED_PRIOR
    registered = dict.fromkeys(groups, a / (a + b))
    size = {g: int((evidence.record_group == g).sum()) for g in groups}
    model = Model(m, dict.fromkeys(groups, m), registered, population, household_size, len(evidence.record))
    if not len(evidence.record):
        return model
    # Pairs that no weight could save take no part in learning.
    odds = log_odds(evidence, model)
    kept = _subset(evidence, odds > -12 if rows is None else (odds > -12) & rows)
    for _ in range(ROUNDS):
        belief = share(kept, log_odds(kept, model))
        learned = {name: _count(kept, name, belief, first[name] * PRIOR_STRENGTH) for name in FIELDS}
        for group in groups:
            mine = kept.group == group
            registered[group] = float((belief[mine].sum() + a) / (size[group] + a + b))
        moved = max(float(np.abs(learned[name] - model.m[name]).max()) for name in FIELDS)
        model = Model(
            learned, dict.fromkeys(groups, learned), registered, population, household_size, len(kept.record)
        )
        if moved < 1e-5:
            break
    belief = share(kept, log_odds(kept, model))
    for group in groups:
        mine = kept.group == group
        part = _subset(kept, mine)
        model.by_group[group] = {
            name: _count(part, name, belief[mine], model.m[name] * EXTRACT_STRENGTH) for name in FIELDS
        }
    return model


def _count(evidence: Evidence, name: str, belief: np.ndarray, prior: np.ndarray) -> np.ndarray:
    counts = np.bincount(evidence.levels[name] + 1, belief, len(prior) + 1)[1:] + prior
    return counts / counts.sum()
