"""The same compiled rules on a Spark cluster, over facts in Parquet."""
