"""The frame of every page: navigation, the way in, the header with its dates, versions and reconciliation."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

import streamlit as st
from streamlit.navigation.page import Page

from data.errors import LoanlightError
from data.facts import derivation
from data.queries import portfolio
from data.version import read_version
from pages.ui.app import queries, url_state
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import by_language, t
from policy.model.records import Policy
from policy.runs import data_changes
from policy.runs.data_changes import DataChange
from policy.runs.store import Run
from policy.violations import results

_entered_by_dashboard: ContextVar[bool] = ContextVar("entered", default=False)  # whether this run came by the dashboard
PAGES = (
    "portfolio_health",
    "violations",
    "upcoming_maturities",
    "extension_what_if",
    "account_managers",
    "training",
    "early_warning",
    "connected_parties",
    "policy_tables",
    "import_files",
)  # the first is the default
HIDDEN_PAGES = ("loan",)  # reached by a link from other pages


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


def declare_pages() -> Page:
    """Declare the pages; from the first call on, Streamlit no longer runs files of the folder pages/ by themselves."""
    language.set_language_from_request()
    # No icons: Streamlit fetches the ones it draws beside a page's title in the browser tab from the internet.
    first = st.Page(f"pages/{PAGES[0]}.py", title=t(f"page.{PAGES[0]}"), default=True, url_path="home")
    pages = [first, *(st.Page(f"pages/{name}.py", title=t(f"page.{name}")) for name in PAGES[1:])]
    hidden = [st.Page(f"pages/{name}.py", title=t(f"page.{name}"), visibility="hidden") for name in HIDDEN_PAGES]
    return st.navigation([*pages, *hidden, st.Page(_redirect_to_default_page, url_path=PAGES[0], visibility="hidden")])


def _redirect_to_default_page() -> None:
    """The default page is served at the root only; the address of its name, which people type and keep, leads there."""
    st.switch_page(f"pages/{PAGES[0]}.py", query_params=st.query_params.to_dict())


def draw_page_link(name: str, **choices: str | list[str]) -> None:
    """A link to another page with choices made there, in the language that is on."""
    st.page_link(
        f"pages/{name}.py",
        label=t(f"link.{name}"),
        icon=":material/arrow_forward:",
        query_params=choices | {language.KEY: language.current_language()},
    )


def _redirect_cold_deep_link() -> None:
    """A cold deep link makes Streamlit run the page's file alone: declare the pages and start again."""
    if not _entered_by_dashboard.get():
        declare_pages()
        st.rerun()


def open_page(name: str) -> SnapshotView:
    """The header of a page and what it looks at; ends the run with an instruction when there is nothing to show."""
    _redirect_cold_deep_link()
    title, chooser = st.columns([2, 1], vertical_alignment="bottom")
    title.title(t(f"page.{name}"))
    view = _select_snapshot(chooser)
    _draw_status_line(view)
    return view


def open_policy_page(name: str) -> SnapshotView:
    """As open_page; without any loans the policy can still be read, as of the day of its newest rule."""
    _redirect_cold_deep_link()
    if queries.find_reader() is not None and queries.cached_query(derivation.list_dates_with_facts):
        return open_page(name)
    open_page_without_snapshot(name)
    st.info(t("empty.policy_alone"))
    draw_page_link("import_files")
    policy = queries.current_policy()
    newest = max(rule.effective_from for rule in policy.versions)
    return SnapshotView(newest, [], None, policy, None)


def open_page_without_snapshot(name: str) -> None:
    """The header of a page that needs no snapshot to look at."""
    _redirect_cold_deep_link()
    st.title(t(f"page.{name}"))


def run_page(page: Page) -> None:
    """The door: the dashboard runs the page; what cannot be shown is said in one plain message."""
    token = _entered_by_dashboard.set(True)
    try:
        with queries.hold_book():
            page.run()
    except LoanlightError as error:
        error_message.show_error(t("error.cannot_show"), error)
    finally:
        _entered_by_dashboard.reset(token)


def draw_labelled_value(label: str, value: str) -> None:
    """A name over its value; the value is data, so it is shown as text and never as markdown."""
    with st.container(gap=None):
        st.caption(label)
        st.text(value)


def _stop_with_instructions(reason: str) -> None:
    """There is nothing to show yet: why, and the page and the commands that change it."""
    st.info(reason)
    draw_page_link("import_files")
    st.code(t("empty.commands"), language=None)
    st.stop()


def _select_snapshot(chooser: st.delta_generator.DeltaGenerator) -> SnapshotView:
    policy = queries.current_policy()
    if queries.find_reader() is None:
        _stop_with_instructions(t("empty.no_book"))
    snapshots = queries.cached_query(derivation.list_dates_with_facts)[::-1]
    if not snapshots:
        _stop_with_instructions(t("empty.no_loans"))
    with chooser:
        chosen = url_state.select_persisted(
            "as_of", t("frame.as_of"), {day.isoformat(): numbers.format_day(day) for day in snapshots}
        )
    as_of = date.fromisoformat(chosen)
    currencies = queries.cached_query(portfolio.count_loans_by_currency, as_of)
    currency = currencies["currency"][0] if currencies.height else None
    numbers.use_currency(currency)
    run = queries.cached_query(results.find_latest_run, as_of)
    change = queries.cached_query(data_changes.find_data_change, run) if run else None
    return SnapshotView(as_of, snapshots, currency, policy, run, change)


def _format_reconciliation(view: SnapshotView) -> str:
    sums = queries.cached_query(results.reconcile_rows, view.as_of)
    parts = _format_loaded_rows(view, sums.loaded)
    for key, value in (("quarantined", sums.quarantined), ("ignored", sums.ignored), ("replaced", sums.replaced)):
        if value or key == "quarantined":
            parts.append(t(f"frame.{key}", n=numbers.format_count(value)))
    return t("frame.rows_in", n=numbers.format_count(sums.rows_in), parts=" + ".join(parts))


def _format_loaded_rows(view: SnapshotView, loaded: int) -> list[str]:
    """The loans of the snapshot: how many the run judged, and how many came since."""
    if view.run is None:
        return [t("frame.loaded", n=numbers.format_count(loaded))]
    new = view.data_change.loans_not_judged if view.data_change else 0
    parts = [t("frame.checked", n=numbers.format_count(loaded - new))]
    return [*parts, t("frame.not_checked_yet", n=numbers.format_count(new))] if new else parts


def describe_data_change(view: SnapshotView) -> str | None:
    """That the data are no longer those of the check, in one sentence for pages, exports and reports; else None."""
    if view.data_change is None or view.run is None:
        return None
    tables = by_language("、", ", ").join(language.table_label(name) for name in view.data_change.tables)
    new = numbers.format_count(view.data_change.loans_not_judged)
    return t("frame.data_changed", at=numbers.format_timestamp(view.run.judged_at), tables=tables, n=new)


def cover_data_state(view: SnapshotView) -> dict[str, str]:
    """The row of an export's cover that says that the data changed since the check; none where they did not."""
    changed = describe_data_change(view)
    return {t("workbook.data_state"): changed} if changed else {}


def _format_policy_version(view: SnapshotView, version: str) -> str:
    """The policy version by the day of its newest rule in force; one whose tables are gone by its hash alone."""
    days = [rule.effective_from for rule in view.policy.versions if rule.effective_from <= view.as_of]
    if version != view.policy.version or not days:
        return t("frame.policy", version=version[:12])
    return t("frame.policy_since", day=numbers.format_day(max(days)))


def draw_product_version() -> None:
    """The version of Loanlight, at the foot of the sidebar."""
    st.caption(t("frame.product", version=read_version()))


def _draw_status_line(view: SnapshotView) -> None:
    """The line under the title, with warnings for rows that do not add up and for a check by other policy tables."""
    version = view.run.policy_version if view.run else view.policy.version
    st.caption(
        " · ".join(
            [
                t("frame.as_of_is", day=numbers.format_day(view.as_of)),
                _format_policy_version(view, version),
                _format_reconciliation(view),
                t("frame.currency", currency=language.escape_markdown(numbers.format_currency(view.currency))),
            ]
        ),
        help=t("frame.policy_hash", version=version),
    )
    difference = queries.cached_query(results.reconcile_rows, view.as_of).difference
    if difference:
        st.warning(t("frame.difference", n=numbers.format_count(difference)))
    if view.run is None:
        st.warning(t("frame.not_checked", day=view.as_of.isoformat()))
        return
    changed = describe_data_change(view)
    if changed:
        st.warning(changed)
        draw_page_link("import_files", as_of=view.as_of.isoformat())
    if view.run.policy_version != view.policy.version:
        st.warning(t("frame.policy_changed", version=view.policy.version[:12]))


def require_run(view: SnapshotView) -> None:
    """For a page that shows a check: without one there is nothing to show, and the header says what to do."""
    if view.run is None:
        st.info(t("frame.check_first"))
        st.stop()
