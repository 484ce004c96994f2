"""Two versions of the policy compared in words: the tables in force, edited here, stored with runs, or uploaded."""

from typing import Any

import streamlit as st

from data.errors import LoanlightError
from pages.ui.app import queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import t
from pages.ui.policy import changes, editor, impact_view
from policy.authoring import rule_hits, sandbox
from policy.model.table_folder import compute_version

CURRENT, EDITED, UPLOAD = "current", "edited", "upload"


def draw_versions(view: SnapshotView) -> None:
    st.markdown(t("policy.versions_intro"))
    kept = {
        row["policy_version"]: row for row in queries.cached_query(rule_hits.list_policy_versions).iter_rows(named=True)
    }
    labels = {CURRENT: t("policy.version_current", version=view.policy.version[:12])}
    if editor.read_edits(view):
        labels[EDITED] = t("policy.version_edited")
    labels |= {version: _format_stored_version(row) for version, row in kept.items()}
    labels[UPLOAD] = t("policy.version_upload")
    names = list(labels)
    others = [version for version in kept if version != view.policy.version]
    start = {"before": others[0] if others else CURRENT, "after": EDITED if EDITED in labels else CURRENT}
    chosen = {}
    for column, side in zip(st.columns(2), ("before", "after"), strict=True):
        chosen[side] = column.selectbox(
            t(f"policy.version_{side}"),
            names,
            index=names.index(start[side]),
            format_func=labels.__getitem__,
            key=f"policy_version_{side}:{len(names)}:{language.current_language()}",
        )
    uploaded = _draw_upload(view) if UPLOAD in chosen.values() else None
    if UPLOAD in chosen.values() and uploaded is None:
        return
    before, after = (_load_texts(view, name, uploaded) for name in (chosen["before"], chosen["after"]))
    found = changes.draw_changes(view.policy, before, after, "version_changes")
    st.caption(
        t(
            "policy.rows_differ",
            n=numbers.format_count(len(found)),
            before=compute_version(before)[:12],
            after=compute_version(after)[:12],
        )
    )
    if found and chosen["before"] == CURRENT:
        impact_view.draw_impact(view, after)


def _format_stored_version(row: dict[str, Any]) -> str:
    days = (
        f"{numbers.format_day(row['first_day'])} – {numbers.format_day(row['last_day'])}"
        if row["runs"]
        else numbers.NOTHING
    )
    return t(
        "policy.version_kept",
        version=row["policy_version"][:12],
        stored=f"{row['stored_at']:%Y-%m-%d %H:%M}",
        days=days,
    )


def _draw_upload(view: SnapshotView) -> dict[str, str] | None:
    files = st.file_uploader(t("policy.upload"), type=["csv", "zip"], accept_multiple_files=True, key="policy_upload")
    if not files:
        st.caption(t("policy.upload_note"))
        return None
    try:
        return sandbox.read_uploads([(file.name, file.getvalue()) for file in files], view.policy.texts)
    except LoanlightError as error:
        error_message.show_error(t("policy.upload_refused"), error)
        return None


def _load_texts(view: SnapshotView, name: str, uploaded: dict[str, str] | None) -> dict[str, str]:
    if name == UPLOAD and uploaded is not None:
        return uploaded
    if name == CURRENT:
        return view.policy.texts
    if name == EDITED:
        return view.policy.texts | editor.read_edits(view)
    return queries.cached_query(rule_hits.load_table_texts, name)
