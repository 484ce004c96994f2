"""The frame of every page: navigation, the way in, the header with its dates, versions and reconciliation."""

from contextvars import ContextVar
from datetime import date

import streamlit as st
from streamlit.navigation.page import Page

from data.errors import LoanlightError
from data.facts import derivation
from data.queries import portfolio
from data.version import read_version
from pages.ui.app import queries, snapshot_view, status_line, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import t
from policy.runs import data_changes
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
    status_line.draw_status_line(view)
    return view


def open_policy_page(name: str) -> SnapshotView:
    """As open_page; without any loans the policy can still be read, as of the day of its newest rule."""
    _redirect_cold_deep_link()
    if queries.find_reader() is not None and queries.cached_query(derivation.list_dates_with_facts):
        return open_page(name)
    open_page_without_snapshot(name)
    st.info(t("empty.policy_alone"))
    snapshot_view.draw_page_link("import_files")
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
    snapshot_view.draw_page_link("import_files")
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
    currency = queries.cached_query(portfolio.find_main_currency, as_of)
    numbers.use_currency(currency)
    run = queries.cached_query(results.find_latest_run, as_of)
    change = queries.cached_query(data_changes.find_data_change, run) if run else None
    return SnapshotView(as_of, snapshots, currency, policy, run, change)


def draw_product_version() -> None:
    """The version of Loanlight, at the foot of the sidebar."""
    st.caption(t("frame.product", version=read_version()))


def require_run(view: SnapshotView) -> None:
    """For a page that shows a check: without one there is nothing to show, and the header says what to do."""
    if view.run is None:
        st.info(t("frame.check_first"))
        st.stop()
