"""The life of violations over the snapshots: first and last seen, days open, state, and what moved since a day.

States at the chosen run: `open`; `pending`, younger than the rule's days of grace; `reopened`, seen again after it was
over; `acknowledged`, a historic fact, which nothing cures; and of those it no longer has `cured`, `lifted` (only the
policy moved), `corrected` (the data of a historic fact changed), `gone` (the record left the book, or the rule of a
historic fact no longer applies to it), `unknown` (not assessable, or the rule was not judged). Waivers are to come:
they will be one more state, never a row less.

Since an earlier run every violation moves in one way, and opening + new + reopened + returned - cured - lifted -
corrected - gone - unknown = closing, in violations and in yuan. `returned`: it was gone or unknown, never over.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import duckdb

from data.errors import InputError, LoanlightError
from data.messages.catalogue import bilingual
from policy.model.records import Policy
from policy.runs import store
from policy.runs.store import Run
from policy.violations import comparison, lifecycle_store, resolution, violation_counts

STATES = ("open", "pending", "reopened", "acknowledged", "cured", "lifted", "corrected", "gone", "unknown")
INFLOWS, OUTFLOWS = ("new", "reopened", "returned"), ("cured", "lifted", "corrected", "gone", "unknown")
MOVEMENTS = ("persisting", *INFLOWS, *OUTFLOWS)
# violation -> open; the others as in policy.violations.resolution, with not_judged as unknown.
_END_STATE_SQL = "CASE ended WHEN 'not_judged' THEN 'unknown' ELSE ended END"
_CREATE_SEEN = """
    CREATE OR REPLACE TEMP TABLE seen AS
    SELECT violation_id, any_value(rule_id) AS rule_id, any_value(subject) AS subject,
        any_value(subject_id) AS subject_id, any_value(loan_id) AS loan_id, arg_max_null(borrower_id, n) AS borrower_id,
        arg_max_null(branch_id, n) AS branch_id, arg_max_null(officer_id, n) AS officer_id,
        min(n) AS first_n, max(n) AS last_n, count(*) AS times, arg_max_null(balance, n) AS balance,
        coalesce(max(balance) FILTER (n = $since), 0) AS opening_balance
    FROM violations JOIN history USING (run_id) GROUP BY violation_id"""
_CREATE_SPELLS = """
    CREATE OR REPLACE TEMP TABLE spells AS
    WITH event AS (
        SELECT violation_id, n, 'violation' AS mark FROM violations JOIN history USING (run_id)
        SEMI JOIN (FROM seen WHERE times <= last_n - first_n OR last_n < $last) s USING (violation_id)
        UNION ALL
        SELECT violation_id, n, mark FROM vanished JOIN history USING (run_id)
    ), known AS (
        SELECT *, mark = 'violation'
            AND coalesce(lag(mark) OVER (PARTITION BY violation_id ORDER BY n), '') <> 'violation' AS starts
        FROM event WHERE mark IN ('violation', 'cured', 'lifted', 'corrected')
    ), spell AS (
        SELECT violation_id, max(n) FILTER (starts) AS opened_n, count(*) FILTER (starts) - 1 AS times_reopened
        FROM known GROUP BY violation_id
    ), outcome AS (
        SELECT violation_id, arg_max(mark, n) AS ended, arg_max(mark, n) FILTER (n <= $since) AS at_since
        FROM event GROUP BY violation_id
    )
    SELECT * FROM spell JOIN outcome USING (violation_id)"""
_CREATE_LIVES = f"""
    CREATE OR REPLACE TEMP TABLE lives AS
    WITH life AS (
        SELECT s.*, coalesce(p.opened_n, s.first_n) AS opened_n, coalesce(p.times_reopened, 0) AS times_reopened,
            coalesce(p.ended, 'violation') AS ended,
            CASE WHEN p.violation_id IS NOT NULL THEN p.at_since WHEN s.first_n <= $since THEN 'violation' END
                AS at_since,
            s.last_n = $last AS stands
        FROM seen s LEFT JOIN spells p USING (violation_id)
    ), dated AS (
        SELECT l.*, f.as_of AS first_seen, t.as_of AS last_seen, o.as_of AS opened_on,
            CASE WHEN l.stands OR {_END_STATE_SQL} = 'unknown' THEN $as_of ELSE x.as_of END
                - o.as_of AS days_open
        FROM life l JOIN history f ON f.n = l.first_n JOIN history t ON t.n = l.last_n
        JOIN history o ON o.n = l.opened_n LEFT JOIN history x ON x.n = l.last_n + 1
    )
    SELECT d.violation_id, d.rule_id, r.severity, d.subject, d.subject_id, d.loan_id, d.borrower_id, d.branch_id,
        d.officer_id, d.balance, d.opening_balance, d.first_seen, d.last_seen, d.opened_on, d.days_open,
        d.times_reopened,
        CASE WHEN NOT stands THEN CASE WHEN ended = 'violation' THEN 'unknown' ELSE {_END_STATE_SQL} END
            WHEN r.cure = 'historic' THEN 'acknowledged'
            WHEN days_open < r.grace_days THEN 'pending'
            WHEN times_reopened > 0 THEN 'reopened'
            ELSE 'open' END AS state,
        CASE WHEN at_since = 'violation' AND stands THEN 'persisting'
            WHEN at_since = 'violation' THEN CASE WHEN ended = 'violation' THEN 'unknown' ELSE {_END_STATE_SQL} END
            WHEN NOT stands THEN NULL
            WHEN at_since IS NULL THEN 'new'
            WHEN opened_n > $since THEN 'reopened'
            ELSE 'returned' END AS movement
    FROM dated d LEFT JOIN rule_life r USING (rule_id)"""


Yuan = Decimal | int


@dataclass(frozen=True)
class LifecycleTotals:
    """The history up to `run`; `since` is None when no earlier snapshot was judged.

    `movements`: movement -> (violations, yuan of the opening, yuan of the closing). A loan with two violations counts
    in both.
    """

    run: Run
    since: Run | None
    movements: dict[str, tuple[int, Yuan, Yuan]]
    states: dict[str, int]

    @property
    def opening(self) -> int:
        return sum(self.movements[name][0] for name in ("persisting", *OUTFLOWS))

    @property
    def closing(self) -> int:
        return (
            self.opening
            + sum(self.movements[name][0] for name in INFLOWS)
            - sum(self.movements[name][0] for name in OUTFLOWS)
        )


def record_lifecycle(con: duckdb.DuckDBPyConnection, run_id: str, *, refresh_later_runs: bool = True) -> None:
    """Stores the outcome of violations of the previous run (a first run has none), when each was opened, and counts.

    With `refresh_later_runs` the later runs of the same history are stored again, as this run is part of their past.
    """
    run = store.find_run(con, run_id)
    history = resolution.list_run_series(store.list_runs(con), run)
    if len(history) > 1:
        previous = history[-2]
        resolution.resolve_vanished(con, previous, run, *_load_policy_pair(con, previous, run))
        con.execute("UPDATE runs SET previous_run = ? WHERE run_id = ?", [previous.run_id, run_id])
    build_lifecycles(con, store.find_run(con, run_id))
    lifecycle_store.store_lifecycles(con, run_id)
    violation_counts.store_cube(con, comparison.resolve_comparison(con, run_id, None))
    if refresh_later_runs:
        for later in lifecycle_store.find_later_runs(store.list_runs(con), run):
            record_lifecycle(con, later.run_id, refresh_later_runs=False)


def _load_policy_pair(con: duckdb.DuckDBPyConnection, previous: Run, run: Run) -> tuple[Policy, Policy]:
    before = store.load_stored_policy(con, previous.policy_version)
    return before, store.load_stored_policy(con, run.policy_version)


def build_lifecycles(con: duckdb.DuckDBPyConnection, run: Run, since: date | None = None) -> LifecycleTotals:
    """The temporary table `lives`, one row a violation ever seen up to `run`, and its totals.

    `since`: an earlier judged snapshot, else the one before. Raises InputError when that day was not judged.
    """
    known = resolution.list_run_series(store.list_runs(con), run)
    start = _find_earlier_run(known, since)
    _create_history(con, known)
    _refresh_stale_outcomes(con, known)
    _create_rule_life(con, store.load_stored_policy(con, run.policy_version))
    numbers = {"last": len(known) - 1, "since": known.index(start) if start else -1}
    con.execute(_CREATE_SEEN, {"since": numbers["since"]})
    con.execute(_CREATE_SPELLS, numbers)
    con.execute(_CREATE_LIVES, numbers | {"as_of": run.as_of})
    found = LifecycleTotals(run, start, _sum_movements(con), _count_states(con))
    _require_reconciled(con, found)
    return found


def _find_earlier_run(known: list[Run], since: date | None) -> Run | None:
    earlier = known[:-1]
    if since is None:
        return earlier[-1] if earlier else None
    found = [run for run in earlier if run.as_of == since]
    if not found:
        days = ", ".join(str(run.as_of) for run in earlier[-6:]) or bilingual("violations.none")
        raise InputError(bilingual("violations.no_earlier_run", since=since, before=known[-1].as_of, known=days))
    return found[0]


def _create_history(con: duckdb.DuckDBPyConnection, known: list[Run]) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE history (n INTEGER, run_id VARCHAR, as_of DATE)")
    con.executemany("INSERT INTO history VALUES (?, ?, ?)", [(n, r.run_id, r.as_of) for n, r in enumerate(known)])


def _refresh_stale_outcomes(con: duckdb.DuckDBPyConnection, known: list[Run]) -> None:
    """Marks anew, for this cursor only, the runs whose marks were taken against another run than the one before.

    From the first such run on all are: each goes on from the marks before it.
    """
    catalog = con.execute("SELECT current_database()").fetchall()[0][0].replace('"', '""')
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE vanished AS FROM "{catalog}".main.vanished SEMI JOIN history USING (run_id)'
    )
    stale = False
    for previous, run in pairwise(known):
        stale = stale or run.previous_run != previous.run_id or previous.sequence > run.sequence
        if stale:
            resolution.resolve_vanished(con, previous, run, *_load_policy_pair(con, previous, run))
    if known:
        con.execute("DELETE FROM vanished WHERE run_id = ?", [known[0].run_id])


def _create_rule_life(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE rule_life (rule_id VARCHAR, severity VARCHAR, cure VARCHAR, grace_days INTEGER)"
    )
    rows = [(rule.rule_id, rule.severity, rule.cure, rule.grace_days) for rule in policy.rules.values()]
    con.executemany("INSERT INTO rule_life VALUES (?, ?, ?, ?)", rows)


def _sum_movements(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, Yuan, Yuan]]:
    rows = con.execute(
        """SELECT movement, count(*), coalesce(sum(opening_balance), 0), coalesce(sum(balance), 0) FROM lives
        WHERE movement IS NOT NULL GROUP BY movement"""
    ).fetchall()
    found = {movement: (count, opening, closing) for movement, count, opening, closing in rows}
    return {movement: found.get(movement, (0, 0, 0)) for movement in MOVEMENTS}


def _count_states(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = dict(con.execute("SELECT state, count(*) FROM lives GROUP BY state").fetchall())
    return {state: found.get(state, 0) for state in STATES}


def _require_reconciled(con: duckdb.DuckDBPyConnection, found: LifecycleTotals) -> None:
    """Raises LoanlightError unless the movements lead from the one run's violations to the other's."""
    for run, count, yuan in (
        (found.since, found.opening, sum(found.movements[m][1] for m in ("persisting", *OUTFLOWS))),
        (found.run, found.closing, sum(found.movements[m][2] for m in ("persisting", *INFLOWS))),
    ):
        stored = con.execute(
            "SELECT count(*), coalesce(sum(balance), 0) FROM violations WHERE run_id = ?", [run.run_id if run else ""]
        ).fetchall()[0]
        if stored != (count, yuan):
            raise LoanlightError(
                bilingual(
                    "violations.not_reconciled",
                    run=run.run_id if run else "-",
                    count=count,
                    yuan=yuan,
                    stored=stored[0],
                    stored_yuan=stored[1],
                )
            )
