"""What has to be done by when: the rules and dates of duties.csv, each with the records for which its day comes near.

A rule's day is the last one on which it is still met if nothing is done (see ticklers); that of an application the
last one in time for an extension; a date that runs out is its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import duckdb
import polars as pl

from data import dictionary
from data.errors import LoanlightError
from data.language.dialects import quote_identifier
from data.messages.catalogue import BilingualText, bilingual
from data.storage import query
from policy.engine.batch import IDENTITY
from policy.extensions import deadlines
from policy.model.problem import Problem, SourceLocation
from policy.model.records import Policy
from policy.model.table_reader import TableReader
from policy.monitoring import ticklers

TABLE = "duties.csv"
EXTENSION = "extension"
SCHEMA = {
    "duty": pl.String,
    "due_on": pl.Date,
    "subject": pl.String,
    "subject_id": pl.String,
    "rule_id": pl.String,
    **dict.fromkeys(IDENTITY, pl.String),
}


@dataclass(frozen=True)
class Duty:
    """A kind of task: rules that must be met, or a date `field` of the subject that expires."""

    duty: str
    rules: str
    subject: str
    field: str
    place: SourceLocation

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return tuple(filter(None, self.rules.split("|")))


def load_duties(policy: Policy) -> tuple[Duty, ...]:
    """The rows of duties.csv; none where the folder has no such table. Raises LoanlightError where one is wrong."""
    wrong = find_problems(policy)
    if wrong:
        texts = [
            bilingual("monitoring.row", table=TABLE, row=each.row, message=each.message, fix=each.fix) for each in wrong
        ]
        raise LoanlightError(BilingualText(" ".join(texts), "".join(text.zh for text in texts)))
    return _parse_duties(policy.texts[TABLE])[0] if TABLE in policy.texts else ()


def find_problems(policy: Policy) -> list[Problem]:
    """The rows that cannot be read, or name what the policy and the dictionary do not have."""
    if TABLE not in policy.texts:
        return []
    found, unread = _parse_duties(policy.texts[TABLE])
    return [*unread, *(problem for duty in found for problem in _find_duty_problems(policy, duty))]


@lru_cache(maxsize=8)
def _parse_duties(text: str) -> tuple[tuple[Duty, ...], tuple[Problem, ...]]:
    reader = TableReader({TABLE: text})
    return tuple(reader.read_records(TABLE, Duty)), tuple(reader.problems)


def _find_duty_problems(policy: Policy, duty: Duty) -> Iterator[Problem]:
    def problem(column: str, message: str, fix: str) -> Problem:
        return Problem("error", TABLE, duty.place.row, column, message, fix)

    for rule_id in duty.rule_ids:
        rule = policy.rules.get(rule_id)
        if rule is None or rule.subject != duty.subject:
            yield problem(
                "rules",
                bilingual("monitoring.not_a_rule_about", rule=rule_id, subject=duty.subject),
                bilingual("monitoring.name_or_remove"),
            )
    if duty.subject not in dictionary.load_subjects():
        known = ", ".join(dictionary.load_subjects())
        yield problem(
            "subject",
            bilingual("monitoring.unknown_duty_subject", subject=duty.subject),
            bilingual("monitoring.use_subject", known=known),
        )
    elif duty.field and getattr(dictionary.facts_of_subject(duty.subject).get(duty.field), "type", "") != "date":
        yield problem(
            "field",
            bilingual("monitoring.not_a_date_field", field=duty.field, subject=duty.subject),
            bilingual("monitoring.name_a_date_field"),
        )
    if bool(duty.field) == bool(duty.rules):
        yield problem("rules", bilingual("monitoring.rules_or_field"), bilingual("monitoring.fill_one"))


def list_due_records(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, within: int) -> pl.DataFrame:
    """[duty, due_on, subject, subject_id, rule_id, IDENTITY…] of what is due in so many days, soonest first.

    A record has a duty once, by its earliest rule.
    """
    duties = load_duties(policy)
    parts = [pl.DataFrame(schema=SCHEMA), _list_rule_duties(con, policy, duties, as_of, within)]
    parts += [_list_expiring_dates(con, duty, as_of, within) for duty in duties if duty.field]
    parts += [_list_applications(con, policy, duty, as_of, within) for duty in duties if duty.subject == EXTENSION]
    found = pl.concat(part.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()) for part in parts)
    return found.sort("due_on", "duty", "subject_id", "rule_id").unique(
        ["duty", "subject", "subject_id"], keep="first", maintain_order=True
    )


def _list_rule_duties(
    con: duckdb.DuckDBPyConnection, policy: Policy, duties: tuple[Duty, ...], as_of: date, within: int
) -> pl.DataFrame:
    """The duties whose rules would break the day after they are due."""
    named = {rule_id: duty.duty for duty in duties if duty.subject != EXTENSION for rule_id in duty.rule_ids}
    found = ticklers.find_upcoming_violations(con, policy, as_of, within + 1, frozenset(named))
    return found.with_columns(
        duty=pl.col("rule_id").replace_strict(named, default=None, return_dtype=pl.String),
        due_on=pl.col("breaks_on").dt.offset_by("-1d"),
    )


def _list_expiring_dates(con: duckdb.DuckDBPyConnection, duty: Duty, as_of: date, within: int) -> pl.DataFrame:
    """The records whose date comes within so many days, of what is not ended."""
    known = dictionary.facts_of_subject(duty.subject)
    live = " AND is_running IS NOT FALSE" if "is_running" in known else ""
    day, key = quote_identifier(duty.field), quote_identifier(dictionary.load_subjects()[duty.subject].id)
    rows = query.fetch_frame(
        con,
        f"""SELECT {day} AS due_on, {key} AS subject_id, {", ".join(IDENTITY)} FROM facts_{duty.subject}
            WHERE as_of = $as_of AND {day} BETWEEN $as_of AND $as_of + CAST($within AS INTEGER){live}""",
        as_of=as_of,
        within=within,
    )
    return rows.with_columns(duty=pl.lit(duty.duty), subject=pl.lit(duty.subject), rule_id=pl.lit(None, pl.String))


def _list_applications(
    con: duckdb.DuckDBPyConnection, policy: Policy, duty: Duty, as_of: date, within: int
) -> pl.DataFrame:
    """The loans for which an extension can be asked for in time up to a day within so many days."""
    days = deadlines.compute_application_deadlines(con, policy, as_of, "current_maturity >= $as_of").filter(
        pl.col("apply_by").is_between(as_of, as_of + timedelta(within))
    )
    loans = query.fetch_frame(
        con,
        f"SELECT {', '.join(IDENTITY)} FROM facts_loan WHERE as_of = $as_of AND list_contains($loans, loan_id)",
        as_of=as_of,
        loans=days["loan_id"].to_list(),
    )
    return days.join(loans, on="loan_id").with_columns(
        duty=pl.lit(duty.duty),
        due_on=pl.col("apply_by"),
        subject=pl.lit("loan"),
        subject_id=pl.col("loan_id"),
        rule_id=pl.lit(duty.rule_ids[-1]),
    )
