"""Two versions of the policy compared in words: tables in force, edited here, kept with runs, or uploaded."""

import streamlit as st

from data.errors import LoanlightError
from pages.ui.app import queries
from pages.ui.app.page_frame import View
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import say
from pages.ui.policy import changes, editor, impact_view
from policy.authoring import rule_hits, sandbox
from policy.model.csv_reader import version_of

CURRENT, EDITED, UPLOAD = "current", "edited", "upload"


def section(view: View) -> None:
    st.markdown(say("policy.versions_intro"))
    kept = {row["policy_version"]: row for row in queries.ask(rule_hits.versions).iter_rows(named=True)}
    labels = {CURRENT: say("policy.version_current", version=view.policy.version[:12])}
    if editor.edits(view):
        labels[EDITED] = say("policy.version_edited")
    labels |= {version: _kept(row) for version, row in kept.items()}
    labels[UPLOAD] = say("policy.version_upload")
    names = list(labels)
    others = [version for version in kept if version != view.policy.version]
    start = {"before": others[0] if others else CURRENT, "after": EDITED if EDITED in labels else CURRENT}
    chosen = {}
    for column, side in zip(st.columns(2), ("before", "after"), strict=True):
        chosen[side] = column.selectbox(
            say(f"policy.version_{side}"),
            names,
            index=names.index(start[side]),
            format_func=labels.__getitem__,
            key=f"policy_version_{side}:{len(names)}:{language.on()}",
        )
    uploaded = _uploaded(view) if UPLOAD in chosen.values() else None
    if UPLOAD in chosen.values() and uploaded is None:
        return
    before, after = (_texts(view, name, uploaded) for name in (chosen["before"], chosen["after"]))
    found = changes.table(view.policy, before, after, "version_changes")
    st.caption(
        say(
            "policy.rows_differ",
            n=numbers.count(len(found)),
            before=version_of(before)[:12],
            after=version_of(after)[:12],
        )
    )
    if found and chosen["before"] == CURRENT:
        impact_view.section(view, after)


def _kept(row: dict) -> str:
    days = f"{numbers.day(row['first_day'])} – {numbers.day(row['last_day'])}" if row["runs"] else numbers.NOTHING
    return say(
        "policy.version_kept",
        version=row["policy_version"][:12],
        stored=f"{row['stored_at']:%Y-%m-%d %H:%M}",
        days=days,
    )


def _uploaded(view: View) -> dict[str, str] | None:
    files = st.file_uploader(say("policy.upload"), type=["csv", "zip"], accept_multiple_files=True, key="policy_upload")
    if not files:
        st.caption(say("policy.upload_note"))
        return None
    try:
        return sandbox.uploaded([(file.name, file.getvalue()) for file in files], view.policy.texts)
    except LoanlightError as error:
        error_message.show(say("policy.upload_refused"), error)
        return None


def _texts(view: View, name: str, uploaded: dict[str, str] | None) -> dict[str, str]:
    if name == UPLOAD and uploaded is not None:
        return uploaded
    if name == CURRENT:
        return view.policy.texts
    if name == EDITED:
        return view.policy.texts | editor.edits(view)
    return queries.ask(rule_hits.texts_of, name)
