"""The frame of every page: navigation, the way in, the header with its dates, versions and reconciliation."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

import streamlit as st
from streamlit.navigation.page import Page

from data.errors import LoanlightError
from data.facts import derivation
from data.queries import portfolio
from data.storage import book
from pages.ui.app import queries, url_state
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import say
from policy.model.records import Policy
from policy.violations import results

_entered: ContextVar[bool] = ContextVar("entered", default=False)  # whether this run came by the dashboard
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
HIDDEN = ("loan",)  # reached by a link from other pages


@dataclass(frozen=True)
class View:
    """What a page looks at: one snapshot, its newest run (if it was checked), the main currency, the policy."""

    as_of: date
    snapshots: list[date]
    currency: str | None
    policy: Policy
    run: results.Run | None


def navigation() -> Page:
    """Declare the pages; from the first call on, Streamlit no longer runs files of the folder pages/ by themselves."""
    language.current()
    # No icons: Streamlit fetches the ones it draws beside a page's title in the browser tab from the internet.
    first = st.Page(f"pages/{PAGES[0]}.py", title=say(f"page.{PAGES[0]}"), default=True, url_path="home")
    pages = [first, *(st.Page(f"pages/{name}.py", title=say(f"page.{name}")) for name in PAGES[1:])]
    hidden = [st.Page(f"pages/{name}.py", title=say(f"page.{name}"), visibility="hidden") for name in HIDDEN]
    return st.navigation([*pages, *hidden, st.Page(_to_default, url_path=PAGES[0], visibility="hidden")])


def _to_default() -> None:
    """The default page is served at the root only; the address of its name, which people type and keep, leads there."""
    st.switch_page(f"pages/{PAGES[0]}.py", query_params=st.query_params.to_dict())


def link(name: str, **choices: str) -> None:
    """A link to another page with choices made there, in the language that is on."""
    st.page_link(
        f"pages/{name}.py",
        label=say(f"link.{name}"),
        icon=":material/arrow_forward:",
        query_params=choices | {language.KEY: language.on()},
    )


def _through_the_door() -> None:
    """A cold deep link makes Streamlit run the page's file alone: declare the pages and start again, by the door."""
    if not _entered.get():
        navigation()
        st.rerun()


def open_page(name: str) -> View:
    """The header of a page and what it looks at; ends the run with a plain word when there is nothing to show."""
    _through_the_door()
    title, chooser = st.columns([2, 1], vertical_alignment="bottom")
    title.title(say(f"page.{name}"))
    view = _view(chooser)
    _facts(view)
    return view


def open_policy(name: str) -> View:
    """As open_page; and without any loans what the policy says can be read all the same, as of its newest row."""
    if book.generation(book.default_path()) is not None and queries.ask(derivation.built_dates):
        return open_page(name)
    open_alone(name)
    st.info(say("empty.policy_alone"))
    link("import_files")
    policy = queries.policy()
    newest = max(rule.effective_from for rule in policy.versions)
    return View(newest, [], None, policy, None)


def open_alone(name: str) -> None:
    """The header of a page that needs no snapshot to look at."""
    _through_the_door()
    st.title(say(f"page.{name}"))


def run(page: Page) -> None:
    """The door: the dashboard runs the page; what cannot be shown is said in one plain message."""
    token = _entered.set(True)
    try:
        page.run()
    except LoanlightError as error:
        error_message.show(say("error.cannot_show"), error)
    finally:
        _entered.reset(token)


def fact(label: str, value: str) -> None:
    """A name over its value; the value is data, so it is shown as text and never as markdown."""
    with st.container(gap=None):
        st.caption(label)
        st.text(value)


def _nothing(reason: str) -> None:
    """There is nothing to show yet: why, and the page and the commands that change it."""
    st.info(reason)
    link("import_files")
    st.code(say("empty.commands"), language=None)
    st.stop()


def _view(chooser: st.delta_generator.DeltaGenerator) -> View:
    policy = queries.policy()
    if book.generation(book.default_path()) is None:
        _nothing(say("empty.no_book"))
    snapshots = queries.ask(derivation.built_dates)[::-1]
    if not snapshots:
        _nothing(say("empty.no_loans"))
    with chooser:
        chosen = url_state.kept("as_of", say("frame.as_of"), {day.isoformat(): numbers.day(day) for day in snapshots})
    as_of = date.fromisoformat(chosen)
    currencies = queries.ask(portfolio.currencies, as_of)
    currency = currencies["currency"][0] if currencies.height else None
    return View(as_of, snapshots, currency, policy, queries.ask(results.latest_run, as_of))


def _reconciliation(view: View) -> str:
    sums = queries.ask(results.reconcile, view.as_of)
    parts = [say("frame.judged" if view.run else "frame.loaded", n=numbers.count(sums.judged))]
    for key, value in (("quarantined", sums.quarantined), ("ignored", sums.ignored), ("replaced", sums.replaced)):
        if value or key == "quarantined":
            parts.append(say(f"frame.{key}", n=numbers.count(value)))
    return say("frame.rows_in", n=numbers.count(sums.rows_in), parts=" + ".join(parts))


def _facts(view: View) -> None:
    """The line under the title; what does not add up, and a check of other tables than today's, are said aloud."""
    version = view.run.policy_version if view.run else view.policy.version
    st.caption(
        " · ".join(
            [
                say("frame.as_of_is", day=numbers.day(view.as_of)),
                say("frame.policy", version=version[:12]),
                _reconciliation(view),
                say("frame.currency", currency=language.inert(numbers.currency(view.currency))),
            ]
        )
    )
    difference = queries.ask(results.reconcile, view.as_of).difference
    if difference:
        st.warning(say("frame.difference", n=numbers.count(difference)))
    if view.run is None:
        st.warning(say("frame.not_checked", day=view.as_of.isoformat()))
    elif view.run.policy_version != view.policy.version:
        st.warning(say("frame.policy_moved", version=view.policy.version[:12]))


def need_run(view: View) -> None:
    """For a page that shows a check: without one there is nothing to show, and the header says what to do."""
    if view.run is None:
        st.info(say("frame.check_first"))
        st.stop()
