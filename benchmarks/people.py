"""python -m benchmarks.people BOOK [--people N …]: reruns over Streamlit's own websocket, with many people at once.

No browser: each person is a connection that opens a page, then makes a choice, waits for the page to be redrawn, thinks
and makes the next. What is measured is the time until the server says that the script has finished.
"""

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.measuring import percentile
from data.facts import derivation
from data.storage import book
from tests.browser import server

PEOPLE_COUNTS = (1, 10, 50)
THINK_SECONDS = {1: 0.0, 10: 3.0, 50: 10.0}
"""Seconds between clicks, by how many people there are."""
CLICKS_PER_PERSON = 6
ARRIVAL_SECONDS = 5.0  # seconds within which all of them open their first page
PAGES = ("portfolio_health", "violations", "upcoming_maturities")
TARGET_P95_SECONDS = 1.0  # seconds, p95 with 50 people


@dataclass
class SessionTimes:
    """Seconds of first pages and of reruns; `exceptions` that a page showed."""

    first_pages: list[float] = field(default_factory=list)
    reruns: list[float] = field(default_factory=list)
    exceptions: int = 0


async def _run_page(
    socket: websockets.ClientConnection, page: str, choices: dict[str, str], times: SessionTimes
) -> float:
    """Ask for a page with choices in its address and wait until its script has finished; seconds."""
    ask = BackMsg()
    ask.rerun_script.page_name = "" if page == PAGES[0] else page
    ask.rerun_script.query_string = urlencode(choices)
    start = time.perf_counter()
    await socket.send(ask.SerializeToString())
    async for said in socket:
        message = ForwardMsg()
        message.ParseFromString(said)
        times.exceptions += message.delta.new_element.HasField("exception")
        # A cold page declares the pages and starts again; only the last finish is of the page itself.
        if message.WhichOneof("type") == "script_finished" and message.script_finished == message.FINISHED_SUCCESSFULLY:
            return time.perf_counter() - start
    raise SystemExit("The server closed the connection.")


async def _simulate_person(port: int, number: int, think: float, days: list[str], times: SessionTimes) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, ARRIVAL_SECONDS) if think else 0)
    page = PAGES[number % len(PAGES)]
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with websockets.connect(
        address, subprotocols=["streamlit"], origin=f"http://127.0.0.1:{port}", max_size=None
    ) as socket:
        times.first_pages.append(await _run_page(socket, page, {"lang": "zh"}, times))
        for click in range(CLICKS_PER_PERSON):
            await asyncio.sleep(think * chance.uniform(0.5, 1.5))
            choices = {"lang": "zh", "as_of": days[(number + click) % min(len(days), 3)]}
            times.reruns.append(await _run_page(socket, page, choices, times))


async def _simulate_people(port: int, people: int, days: list[str]) -> SessionTimes:
    times = SessionTimes()
    await asyncio.gather(
        *(_simulate_person(port, n, THINK_SECONDS.get(people, 10.0), days, times) for n in range(people))
    )
    return times


def measure_people(path: Path, people: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """Print times and memory for each number of people on a warm server."""
    with book.open_for_reading(path) as cursor:
        days = [day.isoformat() for day in derivation.list_dates_with_facts(cursor)[::-1]]
    found = {}
    with server.run_server(path) as served:
        start = time.perf_counter()
        asyncio.run(_simulate_people(served.port, 1, days))
        print(f"first person on a cold server: {time.perf_counter() - start:.2f} s for {1 + CLICKS_PER_PERSON} pages")
        for number in people:
            before = served.resident_mb()
            times = asyncio.run(_simulate_people(served.port, number, days))
            each = (served.resident_mb() - before) / number
            one = found[str(number)] = {
                "p50": percentile(times.reruns, 50),
                "p95": percentile(times.reruns, 95),
                "opened_p95": percentile(times.first_pages, 95),
                "mb_each": each,
                "exceptions": times.exceptions,
            }
            print(
                f"{number:3} people, {THINK_SECONDS.get(number, 10.0):4.1f} s between clicks: rerun p50 "
                f"{one['p50'] * 1000:6.0f} ms, p95 {one['p95'] * 1000:6.0f} ms, "
                f"first page p95 {one['opened_p95'] * 1000:6.0f} ms, "
                f"{each:5.2f} MB each, {times.exceptions} exceptions",
                flush=True,
            )
    print(f"  target with 50 people: p95 < {TARGET_P95_SECONDS * 1000:.0f} ms, no exception, < 2 MB each")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people", description=__doc__)
    parser.add_argument("book", type=Path)
    parser.add_argument("--people", type=int, nargs="+", default=list(PEOPLE_COUNTS))
    arguments = parser.parse_args()
    print(json.dumps(measure_people(arguments.book, tuple(arguments.people))))


if __name__ == "__main__":
    main()
