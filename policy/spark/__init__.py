"""The same rules on Apache Spark.

Nothing else may import this room: it needs Java.
"""
