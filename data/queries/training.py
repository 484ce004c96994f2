"""Training in the registers: the catalogue, sessions with feedback and scores, attendance, needs on record."""

from datetime import date

import duckdb
import polars as pl

from data.history.validity import IS_CURRENT
from data.storage import query


def list_courses(cursor: duckdb.DuckDBPyConnection, as_of: date) -> pl.DataFrame:
    """[course, topic, days, target_role, plans, sessions, attendances, last_held] of each course, by topic."""
    return query.fetch_frame(
        cursor,
        f"""WITH planned AS (
                SELECT course, count(DISTINCT plan_id) AS plans FROM training_plan_topics WHERE {IS_CURRENT}
                GROUP BY course
            ), held AS (
                SELECT course, count(DISTINCT held_on) AS sessions, count(*) AS attendances, max(held_on) AS last_held
                FROM facts_training WHERE as_of = $as_of AND held_on <= $as_of GROUP BY course)
            SELECT c.course, c.topic, c.days, c.target_role, coalesce(p.plans, 0) AS plans,
                coalesce(h.sessions, 0) AS sessions, coalesce(h.attendances, 0) AS attendances, h.last_held
            FROM (FROM courses WHERE {IS_CURRENT}) c
            LEFT JOIN planned p USING (course) LEFT JOIN held h USING (course)
            LEFT JOIN codes t ON t.list = 'training_topic' AND t.code = c.topic
            ORDER BY t.rank NULLS LAST, c.course""",
        as_of=as_of,
    )


def list_sessions(cursor: duckdb.DuckDBPyConnection, as_of: date, branches: tuple[str, ...]) -> pl.DataFrame:
    """One row a course and day, the latest first; no branches given means all.

    [course, held_on, topic, topics, session_kind, method, trainer_type, days, attendees, without_need, with_feedback,
    feedback_score, scored, pre_score, post_score, gain]. `topic` is what most of them have recorded, `topics` how many
    differ. Scores and their gain are means over those who have both.
    """
    return query.fetch_frame(
        cursor,
        """SELECT *, post_score - pre_score AS gain FROM (SELECT course, held_on,
               mode(clause_group ORDER BY clause_group) AS topic,
               count(DISTINCT clause_group) AS topics, mode(session_kind ORDER BY session_kind) AS session_kind,
               mode(method ORDER BY method) AS method, mode(trainer_type ORDER BY trainer_type) AS trainer_type,
               max(days) AS days, count(DISTINCT staff_id) AS attendees,
               count(*) FILTER (need_id IS NULL) AS without_need,
               count(feedback_date) AS with_feedback, avg(feedback_score) AS feedback_score,
               count(*) FILTER (both_scores) AS scored,
               avg(pre_score) FILTER (both_scores) AS pre_score, avg(post_score) FILTER (both_scores) AS post_score
           FROM (SELECT *, pre_score IS NOT NULL AND post_score IS NOT NULL AS both_scores FROM facts_training
                 WHERE as_of = $as_of AND held_on <= $as_of
                     AND (len($branches) = 0 OR list_contains($branches, branch_id)))
           GROUP BY course, held_on) ORDER BY held_on DESC, course""",
        as_of=as_of,
        branches=list(branches),
    )


def list_attendance(
    cursor: duckdb.DuckDBPyConnection, as_of: date, course: str, held_on: date, branches: tuple[str, ...]
) -> pl.DataFrame:
    """[officer_id, name, branch_id, role, feedback_date, feedback_score, pre_score, post_score, gain, assess_date,
    has_need] of one session, the smallest gain first."""
    return query.fetch_frame(
        cursor,
        """SELECT t.staff_id AS officer_id, s.name, coalesce(s.branch_id, t.branch_id) AS branch_id,
               coalesce(s.role, t.staff_role) AS role, t.feedback_date, t.feedback_score, t.pre_score, t.post_score,
               t.post_score - t.pre_score AS gain, t.assess_date, t.need_id IS NOT NULL AS has_need
           FROM facts_training t
           LEFT JOIN facts_staff s ON s.as_of = t.as_of AND s.staff_id = t.staff_id
           WHERE t.as_of = $as_of AND t.course IS NOT DISTINCT FROM $course AND t.held_on = $held_on
               AND (len($branches) = 0 OR list_contains($branches, t.branch_id))
           ORDER BY gain NULLS LAST, t.staff_id""",
        as_of=as_of,
        course=course,
        held_on=held_on,
        branches=list(branches),
    )


def list_topic_sessions(cursor: duckdb.DuckDBPyConnection, as_of: date) -> pl.DataFrame:
    """[topic, held_on, attendees] of every day on which a topic was taught, the latest first."""
    return query.fetch_frame(
        cursor,
        """SELECT clause_group AS topic, held_on, count(DISTINCT staff_id) AS attendees FROM facts_training
           WHERE as_of = $as_of AND held_on <= $as_of AND clause_group IS NOT NULL
           GROUP BY ALL ORDER BY held_on DESC, attendees DESC""",
        as_of=as_of,
    )


def list_newest_needs(cursor: duckdb.DuckDBPyConnection, as_of: date) -> pl.DataFrame:
    """[officer_id, topic, found_on, current_level, required_level, source]: the newest need on record of each."""
    return query.fetch_frame(
        cursor,
        f"""SELECT staff_id AS officer_id, topic, max(found_on) AS found_on,
                arg_max_null(current_level, (found_on, need_id)) FILTER (found_on IS NOT NULL) AS current_level,
                arg_max_null(required_level, (found_on, need_id)) FILTER (found_on IS NOT NULL) AS required_level,
                arg_max_null(source, (found_on, need_id)) FILTER (found_on IS NOT NULL) AS source
            FROM training_needs WHERE {IS_CURRENT} AND coalesce(found_on <= $as_of, true)
            GROUP BY ALL ORDER BY ALL""",
        as_of=as_of,
    )
