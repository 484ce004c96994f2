"""The facts of one snapshot in Parquet, checked and named as the rules read them."""

from datetime import date
from typing import TYPE_CHECKING

from data.errors import InputError
from data.facts import derivation
from policy.language.dialects import CLUSTER, quote_identifier, type_name
from policy.spark.file_system import SUCCESS, Folder
from policy.spark.session import translate_spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARTITION = "as_of"


def require_snapshot_folder(spark: "SparkSession", path: str, as_of: date) -> Folder:
    """The folder of a snapshot. Raises InputError when it is not there, or only half written."""
    folder = Folder(spark, f"{path.rstrip('/')}/{PARTITION}={as_of}")
    if not folder.exists():
        raise InputError(
            f"No facts at {folder.path}. Write them: python -m data export-facts --as-of {as_of} --out {path}."
        )
    if not folder.exists(SUCCESS):
        raise InputError(
            f"The facts at {folder.path} have no {SUCCESS}: they were not written to the end. "
            "Remove the folder and export them again."
        )
    return folder


def register_views(spark: "SparkSession", folder: Folder, subjects: tuple[str, ...], as_of: date) -> None:
    """A view facts_<subject> for each subject. Raises InputError for a missing folder, column or type."""
    for subject in subjects:
        found = _read_subject(spark, folder, subject)
        names = [name for name in derivation.fact_types(subject) if name != PARTITION]
        chosen = [f"CAST('{as_of}' AS DATE) AS {PARTITION}", *(quote_identifier(name, CLUSTER) for name in names)]
        found.selectExpr(*chosen).createOrReplaceTempView(f"facts_{subject}")


def _read_subject(spark: "SparkSession", folder: Folder, subject: str) -> "DataFrame":
    if not folder.exists(subject):
        raise InputError(f"The facts at {folder.path} have no folder '{subject}'. Export them again.")
    with translate_spark_errors(f"{folder.path_of(subject)} cannot be read as Parquet", "Export the facts again."):
        found = spark.read.parquet(folder.path_of(subject))
    held = {field.name: field.dataType.simpleString() for field in found.schema.fields}
    for name, sql_type in derivation.fact_types(subject).items():
        wanted = type_name(sql_type, CLUSTER).lower().replace(" ", "")
        if name == PARTITION:
            continue
        if name not in held:
            raise InputError(
                f"{folder.path_of(subject)} has no column '{name}' ({wanted}). Export the facts again "
                "with this version of Loanlight."
            )
        if held[name] != wanted:
            raise InputError(
                f"{folder.path_of(subject)}, column '{name}' is {held[name]}, not {wanted}. Cast it where "
                "the facts are written."
            )
    return found
