"""A standalone Spark cluster on this machine: a master and workers, each a process that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from policy.spark import session

HOST = "127.0.0.1"
SECONDS_TO_START = 120
WORKER_REGISTERED = "Registering worker"
# Processes that live for a minute or two: compiling their code well would take longer than running it.
SHORT_JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# What a driver of this cluster needs beside its master.
SETTINGS = {
    **{
        key: f"{options} {SHORT_JVM_OPTIONS}"
        for key, options in session.DEFAULTS.items()
        if key.endswith("JavaOptions")
    },
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.sql.shuffle.partitions": "4",
}


@dataclass
class Cluster:
    """`folder` holds the logs and what workers write; workers have one core each."""

    folder: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self.port}"

    def start_master(self) -> None:
        self._start_process("master", "master.Master", "--port", str(self.port))
        self._wait_for_log("New state: ALIVE", 1)

    def start_worker(self, name: str, memory: str = "2g") -> None:
        joined = self.read_log("master").count(WORKER_REGISTERED)
        self._start_process(
            name, "worker.Worker", "--cores", "1", "--memory", memory, "--work-dir", str(self.folder / name), self.url
        )
        self._wait_for_log(WORKER_REGISTERED, joined + 1)

    def kill_process(self, name: str) -> None:
        """SIGKILL to the process and to the executors it started: a machine that loses its power."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start_process(self, name: str, service: str, *arguments: str) -> None:
        settings = {
            "SPARK_HOME": str(_spark_home()),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": SHORT_JVM_OPTIONS,
            "PYSPARK_PYTHON": sys.executable,
        }
        command = [
            str(_spark_home() / "bin/spark-class"),
            f"org.apache.spark.deploy.{service}",
            "--host",
            HOST,
            "--webui-port",
            "0",
            *arguments,
        ]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def read_log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _wait_for_log(self, text: str, times: int) -> None:
        """Raises RuntimeError when the master does not say it in time."""
        deadline = time.monotonic() + SECONDS_TO_START
        while self.read_log("master").count(text) < times:
            if time.monotonic() > deadline:
                raise RuntimeError(f"'{text}' was not said {times} times:\n{self.read_log('master')}")
            time.sleep(0.1)


def _spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_cluster(folder: Path, workers: int = 2, memory: str = "2g") -> Iterator[Cluster]:
    """A cluster, ended with all its processes. Raises RuntimeError when it does not come up."""
    cluster = Cluster(folder, _find_free_port())
    try:
        cluster.start_master()
        for number in range(workers):
            cluster.start_worker(f"worker{number}", memory)
        yield cluster
    finally:
        for name in list(cluster.processes):
            cluster.kill_process(name)
