"""Books and rates of account managers, and training sessions, worked out by hand."""

from datetime import date

from data.queries import account_managers, training
from policy.violations import watch_list
from tests.data.facts_book import AS_OF, FactsBook

BEFORE, HELD_ON = date(2026, 9, 30), date(2026, 10, 15)
RULES, GROUPS = ("R1", "R2"), ("one", "two")


def insert_manager_loans(facts_book: FactsBook) -> None:
    """O1 has three loans in yuan and one in dollars, O2 one, and one loan names nobody; all but L3 from September."""
    common = {"currency": "CNY", "status": "normal", "branch_id": "01"}
    for loan, officer, balance, kind, late, more in (
        ("L1", "O1", 100, "normal", 0, {}),
        ("L2", "O1", 50, "loss", 5, {"current_maturity": date(2026, 11, 30)}),
        ("L3", "O1", 25, None, None, {}),
        ("L4", "O1", 999, "loss", 9, {"currency": "USD"}),
        ("L5", "O2", 10, "normal", 0, {"branch_id": "02"}),
        ("L6", None, 7, "normal", 0, {}),
        ("GONE", "O2", 0, "loss", 0, {"status": "settled"}),
    ):
        since = AS_OF if loan == "L3" else BEFORE
        now = {"balance": balance, "classification": kind, "days_past_due": late}
        facts_book.insert_loan(
            loan, now, row_valid_from=since, officer_id=officer, borrower_id=f"B{loan}", **common | more
        )
        if since == BEFORE:
            facts_book.insert("snapshots", loan_id=loan, snapshot_date=AS_OF, **now)
    facts_book.insert("staff", staff_id="O1", name="First", branch_id="01", role="客户经理", row_valid_from=BEFORE)


def insert_violations(
    facts_book: FactsBook, run: str, as_of: date, *rows: tuple[str, str, str | None], policy: str = "P"
) -> None:
    facts_book.con.execute(
        "INSERT INTO runs (run_id, as_of, policy_version, rules_of, judged_at, sequence) "
        "SELECT ?, ?, ?, 'act', now(), count(*) + 1 FROM runs",
        [run, as_of, policy],
    )
    for n, (rule, loan, officer) in enumerate(rows):
        facts_book.con.execute(
            "INSERT INTO violations (run_id, violation_id, rule_id, subject, subject_id, loan_id, officer_id, balance, branch_id)"
            " VALUES (?, ?, ?, 'loan', ?, ?, ?, 10, '01')",
            [run, f"{run}-{n}", rule, loan, loan, officer],
        )


def test_a_book_adds_up(facts_book):
    insert_manager_loans(facts_book)
    facts_book.build_facts()
    rows = account_managers.list_portfolios(facts_book.con, AS_OF, "CNY", 90).rows(named=True)
    assert [row["officer_id"] for row in rows] == ["O1", "O2", None]
    first = rows[0]
    assert (first["name"], first["loans"], first["balance"]) == ("First", 4, 175)
    assert (first["npl_balance"], first["classified_balance"], first["dated_balance"]) == (50, 150, 150)
    assert (first["overdue_loans"], first["overdue_balance"]) == (2, 50)
    assert (first["due_loans"], first["due_balance"]) == (1, 50)
    assert (rows[1]["name"], rows[1]["branch_id"], rows[1]["loans"]) == (None, "02", 1)
    assert account_managers.list_portfolios(facts_book.con, AS_OF, "CNY", 29)["due_loans"].sum() == 0


def test_violations_are_counted_by_group(facts_book):
    insert_manager_loans(facts_book)
    insert_violations(
        facts_book,
        "N",
        AS_OF,
        ("R1", "L1", "O1"),
        ("R1", "L2", "O1"),
        ("R2", "L1", "O1"),
        ("R9", "L1", "O1"),
        ("R1", "L6", None),
    )
    counted = account_managers.count_violations_by_group(facts_book.con, "N", RULES, GROUPS)
    assert counted.rows() == [("O1", "one", 2), ("O1", "two", 1)]
    assert account_managers.count_violations_by_rule(facts_book.con, "N", "O1", RULES).rows() == [
        ("R1", 2, 20),
        ("R2", 1, 10),
    ]


def test_runs_of_another_policy_are_not_compared(facts_book):
    insert_violations(facts_book, "A", BEFORE, policy="OLD")
    insert_violations(facts_book, "B", BEFORE)
    insert_violations(facts_book, "C", AS_OF)
    assert account_managers.list_comparable_runs(facts_book.con, "C").rows() == [(BEFORE, "B"), (AS_OF, "C")]


def test_rates_of_those_at_the_session_and_those_never_taught(facts_book):
    insert_manager_loans(facts_book)
    for loan, officer in (("L7", "O3"), ("L8", "O4")):
        facts_book.insert_loan(
            loan,
            {"balance": 1},
            row_valid_from=BEFORE,
            officer_id=officer,
            currency="CNY",
            status="normal",
            branch_id="01",
        )
        facts_book.insert("snapshots", loan_id=loan, snapshot_date=AS_OF, balance=1)
    facts_book.insert_loan("L9", {"balance": 1}, officer_id="NEW", currency="CNY", status="normal", branch_id="01")
    for staff, day in (("O1", HELD_ON), ("O3", date(2026, 1, 1)), ("O4", date(2026, 12, 1))):
        facts_book.insert(
            "training", training_id=f"T{staff}", staff_id=staff, clause_group="LEGAL", date=day, course="C"
        )
    for staff in ("O2", "O3", "O4"):
        facts_book.insert("staff", staff_id=staff, row_valid_from=BEFORE)
    facts_book.build_facts(BEFORE)
    facts_book.build_facts()
    insert_violations(facts_book, "B", BEFORE, ("R1", "L1", "O1"), ("R1", "L7", "O3"))
    insert_violations(
        facts_book,
        "N",
        AS_OF,
        ("R1", "L1", "O1"),
        ("R2", "L2", "O1"),
        ("R9", "L2", "O1"),
        ("R1", "L5", "O2"),
        ("R1", "L9", "NEW"),
    )
    rated = account_managers.compare_violation_rates(facts_book.con, AS_OF, ("B", "N"), RULES, "LEGAL", HELD_ON)
    # O3 was taught on another day; NEW had no loans before; O4 is taught only after the day looked at.
    assert rated.rows() == [
        (BEFORE, False, 2, 2, 0),
        (BEFORE, True, 1, 3, 1),
        (AS_OF, False, 2, 2, 1),
        (AS_OF, True, 1, 4, 2),
    ]


def test_sessions_attendance_and_needs(facts_book):
    insert_manager_loans(facts_book)
    facts_book.insert("courses", course="C", topic="LEGAL", days=2)
    facts_book.insert("training_plan_topics", plan_id="P", seq=1, course="C")
    for staff, need, before, after, score in (("O1", "N1", 50, 70, 4), ("O2", None, 60, None, None)):
        facts_book.insert(
            "training",
            training_id=f"T{staff}",
            staff_id=staff,
            need_id=need,
            course="C",
            clause_group="LEGAL",
            date=HELD_ON,
            pre_score=before,
            post_score=after,
            feedback_score=score,
            feedback_date=HELD_ON if score else None,
        )
    facts_book.insert(
        "training", training_id="LATER", staff_id="O1", course="C", clause_group="LEGAL", date=date(2026, 12, 1)
    )
    for found_on, level in ((BEFORE, 40), (HELD_ON, 55)):
        facts_book.insert(
            "training_needs",
            need_id=f"N{level}",
            staff_id="O1",
            topic="LEGAL",
            found_on=found_on,
            current_level=level,
            required_level=75,
        )
    facts_book.build_facts()
    cursor = facts_book.con
    session = training.list_sessions(cursor, AS_OF, ()).row(0, named=True)
    assert (session["attendees"], session["without_need"], session["with_feedback"], session["feedback_score"]) == (
        2,
        1,
        1,
        4,
    )
    assert (session["scored"], session["pre_score"], session["post_score"], session["topic"]) == (1, 50, 70, "LEGAL")
    present = training.list_attendance(cursor, AS_OF, "C", HELD_ON, ())
    assert present.select("officer_id", "gain", "has_need").rows() == [("O1", 20, True), ("O2", None, False)]
    course = training.list_courses(cursor, AS_OF).row(0, named=True)
    assert (course["plans"], course["sessions"], course["attendances"], course["last_held"]) == (1, 1, 2, HELD_ON)
    assert training.list_newest_needs(cursor, AS_OF).select("officer_id", "topic", "current_level").rows() == [
        ("O1", "LEGAL", 55)
    ]
    assert training.list_topic_sessions(cursor, AS_OF).rows() == [("LEGAL", HELD_ON, 2)]


def test_the_newest_need_is_told_whole_and_of_one_day_the_last_by_number(facts_book):
    for need_id, found_on, level in (("N1", BEFORE, 40), ("N2", HELD_ON, 55), ("N3", HELD_ON, None)):
        facts_book.insert(
            "training_needs",
            need_id=need_id,
            staff_id="O1",
            topic="LEGAL",
            found_on=found_on,
            current_level=level,
            required_level=75,
            source=need_id,
        )
    needs = training.list_newest_needs(facts_book.con, AS_OF).select(
        "found_on", "current_level", "required_level", "source"
    )
    assert needs.rows() == [(HELD_ON, None, 75, "N3")]


def test_the_watch_list_with_what_joined_and_left(facts_book):
    insert_manager_loans(facts_book)
    facts_book.build_facts()
    insert_violations(facts_book, "B", BEFORE, ("R1", "L1", "O1"), ("R2", "L5", "O2"))
    insert_violations(
        facts_book, "N", AS_OF, ("R1", "L1", "O1"), ("R2", "L1", "O1"), ("R2", "L2", "O1"), ("R9", "L3", "O1")
    )
    cursor, ask = facts_book.con, (AS_OF, "N", "B", RULES)
    assert watch_list.find_previous_run(cursor, "N") == ("B", BEFORE)
    assert watch_list.find_previous_run(cursor, "B") is None
    listed = watch_list.list_loans(cursor, *ask)
    assert listed.select("loan_id", "is_new").rows() == [("L1", False), ("L2", True)]
    assert listed["signals"].to_list() == [["R1", "R2"], ["R2"]]
    assert watch_list.list_loans(cursor, *ask, ("R1",))["loan_id"].to_list() == ["L1"]
    assert watch_list.list_loans(cursor, *ask, (), (), (), 2)["loan_id"].to_list() == ["L1"]
    assert watch_list.list_loans(cursor, *ask, (), ("99",)).is_empty()
    assert watch_list.list_loans(cursor, AS_OF, "N", None, RULES)["is_new"].to_list() == [None, None]
    assert watch_list.count_cleared_loans(cursor, "N", "B", RULES, ()) == 1
    assert watch_list.count_signals(cursor, "N", RULES)["loans"].sum() == 3
