"""The event log: one line an event, appended, without names or cell values; and what it must not write into."""

import re
from pathlib import Path

import pytest

from data.command_line import event_log
from data.errors import InputError
from tests.data.cli_import import ImportCli

LOANS = (
    "借据号,客户编号,客户名称,机构号,贷款余额,贷款金额,放款日,现到期日\nL1,C1,张三丰,001,1000,2000,20240101,20270101\n"
)
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def read_events(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(FIELD.sub("", line).strip() == "" for line in lines), lines
    return [dict(FIELD.findall(line)) for line in lines]


def import_with_log(import_cli: ImportCli, content: str, log: str) -> int:
    file = import_cli.write("张三丰.csv", content)
    return import_cli.run("import", file, "--as-of", "2024-03-31", "--book", import_cli.book, "--log-file", log).status


@pytest.fixture
def import_cli(tmp_path, capsys) -> ImportCli:
    return ImportCli(tmp_path, capsys)


def test_an_import_writes_its_start_its_batch_and_its_end(import_cli) -> None:
    log = import_cli.folder / "events.log"
    assert import_with_log(import_cli, LOANS, str(log)) == 0
    start, done, end = read_events(log)
    assert (start["event"], start["command"]) == ("command_started", "import")
    assert (done["event"], done["outcome"], done["as_of"]) == ("import", "loaded", "2024-03-31")
    assert (done["rows"], done["loaded"], done["quarantined"]) == ("1", "1", "0")
    assert (end["event"], end["outcome"]) == ("command_ended", "done")
    assert all(float(event["seconds"]) >= 0 for event in (done, end))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", start["time"])
    assert import_cli.query("SELECT batch_id FROM batches") == [(done["batch"],)]


def test_a_refused_import_is_an_event_and_lines_are_appended(import_cli) -> None:
    log = import_cli.folder / "events.log"
    assert import_with_log(import_cli, LOANS, str(log)) == 0
    assert import_with_log(import_cli, "借据号,贷款余额\n", str(log)) == 1
    end = read_events(log)[-1]
    assert (end["event"], end["outcome"], end["error"]) == ("command_ended", "failed", "InputError")
    assert len(read_events(log)) == 5


def test_no_name_and_no_cell_reaches_the_log(import_cli) -> None:
    log = import_cli.folder / "events.log"
    import_with_log(import_cli, LOANS.replace("1000", "壹仟零伍"), str(log))
    text = log.read_text(encoding="utf-8")
    assert read_events(log)[1]["outcome"] == "nothing_loaded"
    assert not any(part in text for part in ("张三丰", "壹仟零伍", "C1", "L1", "csv"))


def test_a_backup_is_an_event(import_cli) -> None:
    log = import_cli.folder / "events.log"
    import_cli.import_text(LOANS)
    target = import_cli.folder / "backup.duckdb"
    assert import_cli.run("backup", target, "--book", import_cli.book, "--log-file", log).status == 0
    assert [event["event"] for event in read_events(log)] == ["command_started", "backup", "command_ended"]
    assert read_events(log)[1]["outcome"] == "verified"


def test_events_go_to_standard_error(import_cli) -> None:
    file = import_cli.write("loans.csv", LOANS)
    ended = import_cli.run("import", file, "--as-of", "2024-03-31", "--book", import_cli.book, "--log-file", "-")
    assert ended.status == 0 and ended.err.count("event=") == 3
    again = import_cli.import_files(file)
    assert "event=" not in again.err


def test_the_book_and_the_imported_file_are_not_written_into(import_cli) -> None:
    import_cli.import_text(LOANS)
    file = import_cli.folder / "loans.csv"
    for target in (import_cli.book, file):
        before = target.read_bytes()
        ended = import_cli.run("import", file, "--as-of", "2024-03-31", "--book", import_cli.book, "--log-file", target)
        assert ended.status == 1 and "Choose another --log-file" in ended.err and "请另选 --log-file" in ended.err
        assert target.read_bytes() == before


def test_a_log_that_cannot_be_opened_stops_the_command(tmp_path) -> None:
    with pytest.raises(InputError, match="cannot be written"), event_log.open_event_log(str(tmp_path / "no" / "log")):
        pass


def test_a_value_stays_on_its_line(tmp_path) -> None:
    path = tmp_path / "events.log"
    with event_log.open_event_log(str(path)):
        event_log.record_event("odd", text='a b="c"\nevent=forged', none=None, seconds=1.23456)
    (event,) = read_events(path)
    assert event["event"] == "odd" and event["seconds"] == "1.235" and "none" not in event
