"""Small files beside the Parquet ones, wherever they are: a disk, HDFS, an object store."""

import json
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.messages.catalogue import bilingual

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SUCCESS = "_SUCCESS"
MANIFEST = "manifest.json"


class Folder:
    """A folder as Spark's own file systems see it."""

    def __init__(self, spark: "SparkSession", path: str) -> None:
        self.spark, self.path = spark, path.rstrip("/")
        context = spark.sparkContext
        virtual_machine: Any = context._jvm  # the types of PySpark allow for a context that was stopped
        self._java = virtual_machine.org.apache.hadoop.fs
        self._files = self._java_path("").getFileSystem(context._jsc.hadoopConfiguration())

    def _java_path(self, name: str) -> Any:
        return self._java.Path(f"{self.path}/{name}" if name else self.path)

    def path_of(self, name: str) -> str:
        return f"{self.path}/{name}"

    def exists(self, name: str = "") -> bool:
        return bool(self._files.exists(self._java_path(name)))

    def write_text(self, name: str, text: str) -> None:
        stream = self._files.create(self._java_path(name), False)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()

    def read_manifest(self) -> dict[str, Any]:
        """The manifest of a whole folder; {} where it has none. Raises InputError when it cannot be read."""
        if not self.exists(MANIFEST):
            return {}
        rows = self.spark.read.text(self.path_of(MANIFEST), wholetext=True).collect()
        try:
            found = json.loads(rows[0][0])
        except (ValueError, IndexError) as error:
            raise InputError(
                bilingual("spark.manifest_unreadable", path=self.path_of(MANIFEST), error=str(error))
            ) from error
        return dict(found)
