"""The facts of one snapshot in Parquet, checked and named as the rules read them."""

from datetime import date
from typing import TYPE_CHECKING

from data.errors import InputError
from data.facts import derivation
from data.language.dialects import CLUSTER, quote_identifier, type_name
from data.messages.catalogue import bilingual
from policy.spark.file_system import SUCCESS, Folder
from policy.spark.session import translate_spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARTITION = "as_of"


def require_snapshot_folder(spark: "SparkSession", path: str, as_of: date) -> Folder:
    """The folder of a snapshot. Raises InputError when it is not there, or only half written."""
    folder = Folder(spark, f"{path.rstrip('/')}/{PARTITION}={as_of}")
    if not folder.exists():
        raise InputError(bilingual("spark.no_facts", folder=folder.path, as_of=as_of, out=path))
    if not folder.exists(SUCCESS):
        raise InputError(bilingual("spark.facts_incomplete", folder=folder.path, mark=SUCCESS))
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
        raise InputError(bilingual("spark.no_subject_folder", folder=folder.path, subject=subject))
    failure = bilingual("spark.not_parquet", path=folder.path_of(subject))
    with translate_spark_errors(failure, bilingual("spark.export_again")):
        found = spark.read.parquet(folder.path_of(subject))
    types = {field.name: field.dataType.simpleString() for field in found.schema.fields}
    for name, sql_type in derivation.fact_types(subject).items():
        wanted = type_name(sql_type, CLUSTER).lower().replace(" ", "")
        if name == PARTITION:
            continue
        if name not in types:
            raise InputError(bilingual("spark.no_column", path=folder.path_of(subject), column=name, type=wanted))
        if types[name] != wanted:
            raise InputError(
                bilingual(
                    "spark.column_type", path=folder.path_of(subject), column=name, found=types[name], wanted=wanted
                )
            )
    return found
