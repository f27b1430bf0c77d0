"""Labelling on a Spark cluster: `label` for DataFrames, ``python -m kpoclf.spark`` for folders."""

from kpoclf.spark.labelling import label

__all__ = ["label"]
