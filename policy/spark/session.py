"""A Spark session with the semantics the rules were proved under, or one clear message why there is none."""

import os
import shutil
import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import InputError
from data.messages.catalogue import BilingualText, bilingual

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What verdicts depend on; set on every session and looked at again before anything is judged.
SEMANTICS = {
    "spark.sql.ansi.enabled": "true",  # an overflow or a bad cast is an error, never a silent NULL
    "spark.sql.session.timeZone": "UTC",  # rules know dates only; no day may shift with the machine's zone
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # the decimals of both factors are kept
    "spark.sql.caseSensitive": "true",
    # What follows from hundreds of columns made of one another is more than an optimizer can write down.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.legacy.followThreeValuedLogicInArrayExists": "true",
}
LOGGING = Path(__file__).with_name("log4j2.properties")
DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # The methods generated for a hundred rules are long; the JVM would interpret them for ever.
    "spark.driver.extraJavaOptions": f"-XX:-DontCompileHugeMethods -Dlog4j2.configurationFile={LOGGING}",
    "spark.executor.extraJavaOptions": "-XX:-DontCompileHugeMethods",
    # One method for a whole stage would pass the JVM's 64 KB; each projection alone is cut into many.
    "spark.sql.codegen.wholeStage": "false",
    # Plans of a hundred rules as text, which nobody reads here, would cost a third of the driver's time.
    "spark.sql.debug.maxToStringFields": "1",
    "spark.sql.maxPlanStringLength": "2000",
}
LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
SECONDS_TO_CONNECT = 5.0


def require_spark() -> None:
    """Raises InputError where PySpark or Java is missing."""
    if find_spec("pyspark") is None:
        raise InputError(bilingual("spark.no_pyspark"))
    home = os.environ.get("JAVA_HOME")
    found = (Path(home) / "bin" / "java").exists() if home else shutil.which("java")
    if not found and home:
        raise InputError(bilingual("spark.java_home_without_java", home=home))
    if not found:
        raise InputError(bilingual("spark.no_java"))


def require_master(master: str) -> None:
    """Raises InputError when no master of a standalone cluster answers: Spark itself would try for minutes."""
    if master.startswith("yarn"):
        if not (os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")):
            raise InputError(bilingual("spark.yarn_without_configuration"))
        return
    if not master.startswith("spark://"):
        return
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise InputError(bilingual("spark.master_form", master=master))
        try:
            socket.create_connection((host, int(port)), SECONDS_TO_CONNECT).close()
        except OSError:
            continue
        return
    raise InputError(bilingual("spark.master_not_reachable", master=master))


def start_session(master: str, settings: Mapping[str, str] | None = None, name: str = "loanlight") -> "SparkSession":
    """A session on the master; `settings` go before ours, but not before the semantics.

    Raises InputError when there is no PySpark, Java or master, or the cluster does not accept these semantics.
    """
    require_spark()
    require_master(master)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # which is not used here
    from pyspark.sql import SparkSession

    near = LOCAL if master.startswith("local") else {}
    builder = SparkSession.builder.master(master).appName(name)
    for key, value in (DEFAULTS | near | dict(settings or {}) | SEMANTICS).items():
        builder = builder.config(key, value)
    with translate_spark_errors(bilingual("spark.not_started"), bilingual("spark.check_java")):
        spark = builder.getOrCreate()
    require_semantics(spark)
    return spark


@contextmanager
def translate_spark_errors(failure: BilingualText, fix: BilingualText) -> Iterator[None]:
    """Raises what Spark raises within as one InputError: what failed, Spark's first line, and what to do."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        raise _describe_failure(failure, str(error), fix) from error
    except Py4JJavaError as error:
        raise _describe_failure(failure, str(error.java_exception.getMessage()), fix) from error


def _describe_failure(failure: BilingualText, message: str, fix: BilingualText) -> InputError:
    reason = next(iter(message.splitlines()), "") or bilingual("spark.unknown_reason")
    return InputError(bilingual("spark.failure", failure=failure, reason=reason, fix=fix))


def require_semantics(spark: "SparkSession") -> None:
    """Raises InputError when a setting is not what the rules were proved under."""
    for key, value in SEMANTICS.items():
        spark.conf.set(key, value)
        if spark.conf.get(key) != value:
            raise InputError(bilingual("spark.setting_kept", key=key, value=spark.conf.get(key), wanted=value))
