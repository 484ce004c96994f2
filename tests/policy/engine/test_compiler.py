"""What the differential test found in the compiler, held fast."""

from datetime import date

from policy.engine import batch
from policy.engine.compiler import compile_subject
from tests.policy import policy_builder, sample_books
from tests.policy.engine.engine_comparison import judge_by_engine

CAPS = [("guarantee_type", "key", "code", ""), ("most", "limit", "money", "yuan"), ("day", "limit", "date", "")]
DERIVED = (
    'early,loan,,"coalesce(application_date, disbursed_on)",,,date,,,早,Early\n'
    'late,loan,,"add_months(coalesce(application_date, disbursed_on), 12)",,,date,,,晚,Late\n'
)


def _judge_by_engine(tmp_path, policy, loans):
    path = sample_books.make_book(tmp_path / "book.duckdb", loans)
    from data.storage import book

    with book.open_for_writing(path) as con:
        return judge_by_engine(
            con, compile_subject(policy, "loan"), batch.facts_at_sql("loan"), "loan_id", sample_books.AS_OF
        )


def test_versions_that_measure_different_kinds_are_refused() -> None:
    found = policy_builder.lint_errors(
        [
            {"unit": "", "effective_to": "2020-01-01"},
            {"unit": "", "measure": "disbursed_on", "limit": "as_of", "effective_from": "2020-01-01"},
        ]
    )
    assert any("this version does not measure a number, as row 2 does" in error for error in found)


def test_a_blank_limit_keeps_its_type(tmp_path) -> None:
    """A blank date in every row is an unknown date, not an error of the database."""
    for hit_policy in ("unique", "collect"):
        tables = {"caps": (hit_policy, CAPS, [{"guarantee_type": "-", "most": "", "day": ""}])}
        policy = policy_builder.build_policy(
            [{"unit": "", "measure": "disbursed_on", "limit": "add_months(caps.day, 1)"}], tables
        )
        loan = {"disbursed_on": date(2024, 1, 1), "guarantee_type": "credit", "balance": 1}
        folder = tmp_path / hit_policy
        folder.mkdir()
        assert _judge_by_engine(folder, policy, {"L": loan})["L", "R"].reason == "undetermined"


def test_only_a_limit_may_ask_a_table_whose_rows_may_all_answer() -> None:
    tables = {"caps": ("collect", CAPS, [{"guarantee_type": "-", "most": "100"}])}
    refused = "caps has hit policy collect (several rows can match)"
    for rule in ({"scope": "caps.most > 1"}, {"measure": "balance - caps.most"}):
        assert any(refused in error for error in policy_builder.lint_errors([rule], tables))
    derived = "top,loan,,caps.most,,,money,yuan,,顶,Top\n"
    assert any(refused in error for error in policy_builder.lint_errors([{}], tables, derived))
    assert not policy_builder.lint_errors([{"limit": "caps.most"}], tables)


def test_two_acts_derived_from_the_same_date_are_two_acts(tmp_path) -> None:
    """Each picks its own row of a limit table, though both begin with the same field."""
    rows = [
        {"guarantee_type": "-", "most": "10", "effective_to": "2024-01-01"},
        {"guarantee_type": "-", "most": "20", "effective_from": "2024-01-01"},
    ]
    rules = [{"rule_id": act, "act_date": act, "limit": "caps.most"} for act in ("early", "late")]
    policy = policy_builder.build_policy(rules, {"caps": ("unique", CAPS, rows)}, DERIVED)
    loan = {"disbursed_on": date(2023, 6, 1), "guarantee_type": "credit", "balance": 1}
    said = _judge_by_engine(tmp_path, policy, {"L": loan})
    assert (said["L", "early"].limit, said["L", "late"].limit) == ("10", "20")


def test_an_unknown_derived_act_names_what_is_missing(tmp_path) -> None:
    policy = policy_builder.build_policy([{"act_date": "late"}], {}, DERIVED)
    said = _judge_by_engine(tmp_path, policy, {"L": {"balance": 1}})["L", "R"]
    assert (said.reason, said.missing) == ("missing_field", "application_date")


def test_a_large_amount_times_a_rate_does_not_overflow(tmp_path) -> None:
    """A trillion yuan: DuckDB's own product of two DECIMALs stops at 18 digits and would stop the whole check."""
    rules = [
        {"rule_id": "ratio", "unit": "", "measure": "balance / principal", "limit": "0.7"},
        {"rule_id": "product", "limit": "principal * caps.share"},
    ]
    declared = [("guarantee_type", "key", "code", ""), ("share", "limit", "rate", "ratio")]
    policy = policy_builder.build_policy(
        rules, {"caps": ("unique", declared, [{"guarantee_type": "-", "share": "0.700001"}])}
    )
    loan = {"balance": 700_000_000_000, "principal": 1_000_000_000_000, "guarantee_type": "credit"}
    said = _judge_by_engine(tmp_path, policy, {"L": loan})
    assert (said["L", "ratio"].verdict, said["L", "ratio"].measured) == ("pass", "0.7")
    assert (said["L", "product"].verdict, said["L", "product"].limit) == ("pass", "700001000000")
