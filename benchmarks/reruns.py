"""python -m benchmarks.reruns BOOK: each page's reruns over an empty page's, and the same in a browser.

By AppTest, the script alone: every page is run again and again with the choices in its address changed. In a browser
(where there is a Chromium): first open on a warm server, and a click on a filter until the page has settled.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.measuring import percentile
from data.facts import derivation
from data.storage import book
from pages.ui.app import page_frame
from tests.browser import server

EMPTY_PAGE = "import streamlit as st\nst.write('nothing')\n"
RERUNS = 15
CLICKS, FILTERS = 6, 4  # so many clicks, on the filters that are always shown
READING_MS = 1500  # milliseconds before a click
TARGETS = {"rerun over an empty page, p95": 0.3, "first open": 3.0, "click to paint": 0.6}
WATCH_SETTLED_JS = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    document.addEventListener('pointerdown', () => window.pressed = performance.now(), {capture: true, once: true});
    window.settled = new Promise((resolve, reject) => {
        let ran = false;
        setTimeout(() => reject(new Error('not settled')), 60000);
        new MutationObserver((_, observer) => {
            const running = app.dataset.testScriptState !== 'notRunning';
            ran = ran || running;
            if (ran && !running) {
                observer.disconnect();
                requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
            }
        }).observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
    });
}"""  # from the press of the mouse to the frame after the page has settled, by the browser's own clock
SETTLED_SELECTOR = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def _seconds_of(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time_empty_page() -> float:
    app = AppTest.from_string(EMPTY_PAGE).run()
    return percentile([_seconds_of(app.run) for _ in range(RERUNS)], 50)


def measure_scripts(path: Path, floor: float) -> dict[str, float]:
    """Page → p95 of its reruns over the empty page, each rerun of another snapshot than the last."""
    with book.open_for_reading(path) as cursor:
        days = [day.isoformat() for day in derivation.list_dates_with_facts(cursor)[::-1]][:3]
    found = {}
    for name in page_frame.PAGES:
        app = AppTest.from_file(str(server.ROOT / "dashboard.py"), default_timeout=120)
        app.query_params["lang"] = "zh"
        app.switch_page(f"pages/{name}.py")
        first = _seconds_of(app.run)
        spent = []
        for number in range(RERUNS):
            app.query_params["as_of"] = days[number % len(days)]
            spent.append(_seconds_of(app.run) - floor)
        if app.exception:
            raise SystemExit(f"{name}: {app.exception[0].message}")
        # The first look at a snapshot asks the book, and so does the second, beside the earlier snapshot that stayed
        # chosen; the others are what people see all day.
        found[name] = percentile(spent[2 * len(days) :], 95)
        print(
            f"  {name:24} first {first * 1000:7.0f} ms, another snapshot {max(spent[: len(days)]) * 1000:7.0f} ms, "
            f"rerun p95 {found[name] * 1000:6.0f} ms",
            flush=True,
        )
    return found


def _time_clicks(page: Page) -> list[float]:
    """From a click on one more value of a filter until the page has settled; each with time to read in between."""
    spent = []
    for box in range(CLICKS):
        page.wait_for_timeout(READING_MS)
        page.locator('[data-testid="stMultiSelect"] input').nth(box % FILTERS).click()
        option = page.locator('[role="option"]').nth(1 + box // FILTERS)  # the first one takes all
        option.wait_for()
        page.evaluate(WATCH_SETTLED_JS)
        option.click()
        spent.append(page.evaluate("async () => (await window.settled) - window.pressed") / 1000)
        page.keyboard.press("Escape")
    return spent


def measure_in_browser(path: Path) -> dict[str, float]:
    """First open of each page in a fresh browser window on a warm server, and the p95 of clicks on filters."""
    found = {}
    with server.run_server(path) as served, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(server.CHROMIUM), args=server.CHROMIUM_ARGUMENTS)
        for name in (page_frame.PAGES[0], *page_frame.PAGES):  # the first once more: it warms the server
            page = chromium.new_page()
            address = f"{served.url}/{'' if name == page_frame.PAGES[0] else name}?lang=zh"
            found[name] = _seconds_of(lambda page=page, address=address: _open_and_settle(page, address))
            if name == "violations":
                found["click to paint"] = percentile(_time_clicks(page), 95)
            page.close()
        chromium.close()
    for name, seconds in found.items():
        print(f"  {name:24} {seconds * 1000:7.0f} ms", flush=True)
    return found


def _open_and_settle(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("h1").wait_for(timeout=60_000)
    page.locator(SETTLED_SELECTOR).wait_for(timeout=60_000)


def measure_reruns(path: Path) -> dict[str, dict[str, float]]:
    os.environ["LOANLIGHT_BOOK"] = str(path)  # the pages run in this process
    floor = _time_empty_page()
    print(f"An empty page reruns in {floor * 1000:.1f} ms; the others over it, by AppTest:")
    found = {"script": measure_scripts(path, floor)}
    if server.CHROMIUM.exists():
        print("In a browser, first open on a warm server, and a click on a filter of the violations:")
        found["browser"] = measure_in_browser(path)
    print("  targets: " + ", ".join(f"{name} <= {limit * 1000:.0f} ms" for name, limit in TARGETS.items()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reruns", description=__doc__)
    parser.add_argument("book", type=Path)
    print(json.dumps(measure_reruns(parser.parse_args().book)))


if __name__ == "__main__":
    main()
