"""The life of violations: against a plain model on random histories, and hand-made ones that say what each word means."""

import json
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.facts import derivation
from data.storage import book, schema
from policy.__main__ import main
from policy.model.records import Policy
from policy.runs import snapshot_check, store
from policy.violations import lifecycle, lifecycle_list
from tests.policy import policy_builder
from tests.policy.snapshot_histories import MONTH_STARTS

SCOPE = "days_past_due is null or days_past_due < 9"
CLOSED_STATES = ("cured", "lifted", "corrected")
RECORDS = {
    "breaks": {"balance": 150, "days_past_due": None},
    "breaks-more": {"balance": 250, "days_past_due": 0},
    "keeps": {"balance": 50, "days_past_due": 0},
    "outside": {"balance": 999, "days_past_due": 9},
    "unknown": {"balance": None, "days_past_due": 0},
    "absent": None,
}


def _make_policy(limit: int, *, has_new: bool) -> Policy:
    rules = [
        {"rule_id": "CURE", "scope": SCOPE, "limit": str(limit), "grace_days": "40"},
        {"rule_id": "PAST", "scope": SCOPE, "limit": str(limit), "cure": "historic"},
    ]
    return policy_builder.build_policy(
        [*rules, {"rule_id": "NEW", "scope": SCOPE, "limit": "100"}][: 3 if has_new else 2]
    )


POLICIES = {(limit, new): _make_policy(limit, has_new=new) for limit in (100, 200) for new in (True, False)}


def _make_empty_book(path):
    """A book whose tables of facts stand empty."""
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO batches (batch_id) VALUES ('test')")
        derivation.derive_facts(con, MONTH_STARTS[0])
    return path


def _judge_records(con, day: date, records: dict[str, str], policy: Policy, *, recorded: bool) -> str:
    """Facts put in as they are, and judged; `recorded`: what vanished is kept with the run."""
    con.execute("DELETE FROM facts_loan WHERE as_of = ?", [day])
    for loan, name in records.items():
        if RECORDS[name] is not None:
            con.execute(
                "INSERT INTO facts_loan (as_of, loan_id, branch_id, balance, days_past_due) VALUES (?, ?, ?, ?, ?)",
                [day, loan, loan[-1], RECORDS[name]["balance"], RECORDS[name]["days_past_due"]],
            )
    run = snapshot_check.judge_snapshot(con, policy, day)
    if recorded:
        lifecycle.record_lifecycle(con, run.run_id)
    return run.run_id


@dataclass
class LifecycleModel:
    """One rule for one loan, told run by run in plain words."""

    rule: str
    state: str | None = None
    first_seen: int = -1
    last_seen: int = -1
    opened_at: int = -1
    reopened_count: int = 0
    since: str | None = None
    reasons: list[str] = field(default_factory=list)

    def verdict_on(self, policy: tuple[int, bool], record: str) -> str:
        limit, has_new = policy
        if self.rule == "NEW" and not has_new:
            return "unknown"
        if RECORDS[record] is None:
            return "gone"
        if record == "outside":
            return "kept"
        if record == "unknown":
            return "unknown"
        return "broken" if RECORDS[record]["balance"] > (100 if self.rule == "NEW" else limit) else "kept"

    def apply_run(self, n: int, before: tuple[int, bool] | None, policy: tuple[int, bool], record: str) -> None:
        found = self.verdict_on(policy, record)
        if found == "broken":
            if self.state is None:
                self.first_seen = self.opened_at = n
            elif self.state in CLOSED_STATES:
                self.opened_at, self.reopened_count = n, self.reopened_count + 1
            self.state, self.last_seen = "broken", n
        elif self.state is not None and self.state not in CLOSED_STATES:
            if found != "kept":
                self.state = found
            elif before != policy and self.verdict_on(before, record) == "broken":
                self.state = "lifted"
            else:
                past = "gone" if record == "outside" else "corrected"
                self.state = past if self.rule == "PAST" else "cured"

    def expected_row(self, last: int, since: int) -> tuple | None:
        """(state, movement, first, last, opened, reopened) as the module should say."""
        if self.state is None:
            return None
        stands = self.state == "broken"
        state = self.state
        if stands:
            age = (MONTH_STARTS[last] - MONTH_STARTS[self.opened_at]).days
            young = self.rule == "CURE" and age < 40
            state = (
                "acknowledged"
                if self.rule == "PAST"
                else "pending"
                if young
                else ("reopened" if self.reopened_count else "open")
            )
        if self.since == "broken":
            movement = "persisting" if stands else state
        elif not stands:
            movement = None
        elif self.since is None:
            movement = "new"
        else:
            movement = "reopened" if self.opened_at > since else "returned"
        return (
            state,
            movement,
            MONTH_STARTS[self.first_seen],
            MONTH_STARTS[self.last_seen],
            MONTH_STARTS[self.opened_at],
            self.reopened_count,
        )


HISTORIES = st.lists(
    st.tuples(st.sampled_from(sorted(POLICIES)), st.lists(st.sampled_from(sorted(RECORDS)), min_size=6, max_size=6)),
    min_size=2,
    max_size=6,
)


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(history=HISTORIES, data=st.data())
def test_random_histories_are_told_as_the_plain_model_tells_them(history, data) -> None:
    since = data.draw(st.integers(0, len(history) - 2))
    kept = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))
    models = {(rule, f"L{n}"): LifecycleModel(rule) for rule in ("CURE", "PAST", "NEW") for n in range(6)}
    con = duckdb.connect(":memory:")
    schema.create_tables(con)
    derivation.derive_facts(con, MONTH_STARTS[0])
    before = None
    for n, (policy, records) in enumerate(history):
        named = {f"L{loan}": record for loan, record in enumerate(records)} | {"stays": "keeps"}
        last = _judge_records(con, MONTH_STARTS[n], named, POLICIES[policy], recorded=kept[n])
        for (_, loan), model in models.items():
            model.apply_run(n, before, policy, named[loan])
            if n == since:
                model.since = model.state
        before = policy
    found = lifecycle.build_lifecycles(con, store.find_run(con, last), MONTH_STARTS[since])
    said = {
        (row["rule_id"], row["subject_id"]): (
            row["state"],
            row["movement"],
            row["first_seen"],
            row["last_seen"],
            row["opened_on"],
            row["times_reopened"],
        )
        for row in lifecycle_list.list_lifecycles(con).to_dicts()
    }
    expected = {key: model.expected_row(len(history) - 1, since) for key, model in models.items()}
    assert said == {key: value for key, value in expected.items() if value}
    for column in ("rule_id", "branch_id"):
        for row in lifecycle_list.count_movements_by(con, column).to_dicts():
            came, left = (sum(row[name] for name in names) for names in (lifecycle.INFLOWS, lifecycle.OUTFLOWS))
            assert row["opening"] + came - left == row["closing"]
    assert found.closing == sum(model.state == "broken" for model in models.values())
    con.close()


def _run_history(
    path, *days: tuple[str, Policy], since: int | None = None
) -> tuple[lifecycle.LifecycleTotals, dict[str, dict]]:
    """One loan L1 over the days: the name of its record and the policy. Returns the life, and each rule's row."""
    with book.open_for_writing(path) as con:
        for n, (record, policy) in enumerate(days):
            last = _judge_records(con, MONTH_STARTS[n], {"L1": record, "L2": "keeps"}, policy, recorded=True)
        found = lifecycle.build_lifecycles(
            con, store.find_run(con, last), None if since is None else MONTH_STARTS[since]
        )
        return found, {row["rule_id"]: row for row in lifecycle_list.list_lifecycles(con).to_dicts()}


DEFAULT_POLICY = POLICIES[100, False]


def test_a_curable_violation_is_cured_and_a_historic_one_corrected(tmp_path) -> None:
    found, rows = _run_history(_make_empty_book(tmp_path / "b"), ("breaks", DEFAULT_POLICY), ("keeps", DEFAULT_POLICY))
    assert (rows["CURE"]["state"], rows["PAST"]["state"]) == ("cured", "corrected")
    assert rows["CURE"]["days_open"] == 31
    assert (found.opening, found.closing) == (2, 0)
    assert found.movements["cured"] == (1, 150, 150)


def test_what_cannot_be_judged_or_left_the_book_is_not_cured(tmp_path) -> None:
    for record, state in (("unknown", "unknown"), ("absent", "gone"), ("outside", "cured")):
        _, rows = _run_history(
            _make_empty_book(tmp_path / record),
            ("breaks", DEFAULT_POLICY),
            (record, DEFAULT_POLICY),
            (record, DEFAULT_POLICY),
        )
        assert rows["CURE"]["state"] == state, record


def test_pending_open_and_reopened(tmp_path) -> None:
    _, rows = _run_history(_make_empty_book(tmp_path / "a"), ("keeps", DEFAULT_POLICY), ("breaks", DEFAULT_POLICY))
    assert (rows["CURE"]["state"], rows["PAST"]["state"]) == ("pending", "acknowledged")
    _, rows = _run_history(
        _make_empty_book(tmp_path / "b"),
        ("breaks", DEFAULT_POLICY),
        ("breaks", DEFAULT_POLICY),
        ("breaks", DEFAULT_POLICY),
    )
    assert (rows["CURE"]["state"], rows["CURE"]["days_open"]) == ("open", 60)
    days = [
        ("breaks", DEFAULT_POLICY),
        ("keeps", DEFAULT_POLICY),
        ("breaks", DEFAULT_POLICY),
        ("unknown", DEFAULT_POLICY),
        ("breaks", DEFAULT_POLICY),
    ]
    found, rows = _run_history(_make_empty_book(tmp_path / "c"), *days, since=1)
    assert (rows["CURE"]["state"], rows["CURE"]["times_reopened"], rows["CURE"]["opened_on"]) == (
        "reopened",
        1,
        MONTH_STARTS[2],
    )
    assert found.movements["reopened"][0] == 2


def test_a_raised_limit_lifts_and_cures_nothing(tmp_path) -> None:
    _, rows = _run_history(
        _make_empty_book(tmp_path / "b"), ("breaks", DEFAULT_POLICY), ("breaks", POLICIES[200, False])
    )
    assert rows["CURE"]["state"] == "lifted"
    _, rows = _run_history(
        _make_empty_book(tmp_path / "c"), ("breaks", DEFAULT_POLICY), ("keeps", POLICIES[200, False])
    )
    assert rows["CURE"]["state"] == "cured"


def test_a_rule_not_judged_later_is_unknown(tmp_path) -> None:
    _, rows = _run_history(_make_empty_book(tmp_path / "b"), ("breaks", POLICIES[100, True]), ("keeps", DEFAULT_POLICY))
    assert rows["NEW"]["state"] == "unknown" and rows["NEW"]["severity"] is None


def test_a_first_run_has_no_opening_and_a_day_not_judged_is_named(tmp_path) -> None:
    path = _make_empty_book(tmp_path / "b")
    found, _ = _run_history(path, ("breaks", DEFAULT_POLICY))
    assert (found.since, found.opening, found.movements["new"][0], found.closing) == (None, 0, 2, 2)
    with book.open_for_reading(path) as con, pytest.raises(InputError, match="No run of 2024-09-01 before 2024-01-01"):
        lifecycle.build_lifecycles(con, store.require_latest_run(con, None), MONTH_STARTS[8])


def test_an_earlier_day_judged_again_is_followed_without_a_new_check_of_the_later(tmp_path) -> None:
    path = _make_empty_book(tmp_path / "b")
    _run_history(path, ("breaks", DEFAULT_POLICY), ("keeps", DEFAULT_POLICY), ("keeps", DEFAULT_POLICY))
    with book.open_for_writing(path) as con:
        _judge_records(con, MONTH_STARTS[1], {"L1": "breaks", "L2": "breaks"}, DEFAULT_POLICY, recorded=True)
    with book.open_for_reading(path) as con:
        before = con.execute("FROM vanished ORDER BY ALL").fetchall()
        lifecycle.build_lifecycles(con, store.require_latest_run(con, None))
        rows = {(r["rule_id"], r["subject_id"]): r for r in lifecycle_list.list_lifecycles(con).to_dicts()}
    assert (rows["CURE", "L1"]["last_seen"], rows["CURE", "L2"]["state"]) == (MONTH_STARTS[1], "cured")
    with book.open_for_reading(path) as con:
        assert con.execute("FROM vanished ORDER BY ALL").fetchall() == before


def test_the_command_adds_up_and_filters(tmp_path, capsys) -> None:
    path = _make_empty_book(tmp_path / "b.duckdb")
    _run_history(path, ("breaks", DEFAULT_POLICY), ("breaks-more", DEFAULT_POLICY), ("breaks-more", DEFAULT_POLICY))
    assert main(["life", "--book", str(path), "--json", "--rule", "CURE"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["opening"], said["closing"], said["states"]["open"]) == (2, 2, 1)
    assert [row["rule_id"] for row in said["violations"]] == ["CURE"]
    assert main(["life", "--book", str(path), "--since", "2024-01-01"]) == 0
    shown = capsys.readouterr().out
    assert "+ balance moved" in shown and "200.00" in shown
    assert main(["life", "--book", str(path), "--as-of", "2020-01-01"]) == 1
    assert "no run of 2020-01-01" in capsys.readouterr().err
