"""What a page looks at, and links from it to others."""

from dataclasses import dataclass
from datetime import date

import streamlit as st

from pages.ui.i18n import language
from pages.ui.i18n.language import t
from policy.model.records import Policy
from policy.runs.data_changes import DataChange
from policy.runs.store import Run


@dataclass(frozen=True)
class SnapshotView:
    """What a page looks at: one snapshot, its newest run (if it was checked), the main currency, the policy.

    `data_change`: what came to the book since that run was judged, None where nothing did.
    """

    as_of: date
    snapshots: list[date]
    currency: str | None
    policy: Policy
    run: Run | None
    data_change: DataChange | None = None

    @property
    def checked_run(self) -> Run:
        """The run, for the parts of a page that are drawn only for a checked snapshot."""
        if self.run is None:
            raise ValueError("this part of the page needs a checked snapshot")
        return self.run


def draw_page_link(name: str, **choices: str | list[str]) -> None:
    """A link to another page with choices made there, in the language that is on."""
    st.page_link(
        f"pages/{name}.py",
        label=t(f"link.{name}"),
        icon=":material/arrow_forward:",
        query_params=choices | {language.KEY: language.current_language()},
    )
