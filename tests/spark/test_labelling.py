"""Spark gives the answers of one process, whatever the schema, and each text is labelled once."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import kpoclf.spark
from kpoclf.errors import InputError, MissingExtraError, ModelError
from kpoclf.spark.labelling import _Parcel
from kpoclf.tables.answers import Number, answer
from kpoclf.tables.columns import DETAIL_COLUMNS, OUTPUT_COLUMNS

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
on_spark = pytest.mark.spark

TEXTS = [
    "Search prior art and advise the inventor on patentability.",
    None,
    "",
    "Key invoice numbers from scanned forms into the ledger system.",
    "Stir the soup, add the salt, and serve it hot.",
    "naïve café ☕ \U0001f600 研究 analyse",
    "ledger " * 40_000,
    "Audit the reserves\nand advise the board on capital.",
    "\x00\x01\u200b",
]


def expected(model, texts, detail=False):
    """What Spark should give, as tuples with None for what is empty."""
    rows = answer(model, [t or "" for t in texts], detail).rows
    return [
        tuple((None if v != v else float(v)) if isinstance(v, Number) else (v or None) for v in row)
        for row in rows
    ]


def added(df, detail=False):
    """The added columns of a DataFrame's rows, in order of `id`."""
    names = OUTPUT_COLUMNS + (DETAIL_COLUMNS if detail else ())
    return [tuple(row[n] for n in names) for row in df.orderBy("id").collect()]


def frame(spark, texts=TEXTS, parts=3):
    rows = list(enumerate(texts))
    return spark.createDataFrame(rows, "id bigint, description string").repartition(parts)


@on_spark
@pytest.mark.parametrize("detail", [False, True])
def test_answers_are_those_of_one_process(spark, shipped_model, detail):
    found = added(kpoclf.spark.label(frame(spark), detail=detail), detail)
    assert found == expected(shipped_model, TEXTS, detail)


@on_spark
def test_every_column_of_any_schema_comes_back_unchanged(spark):
    df = spark.sql(
        "SELECT 1 AS id, 'Post bills.' AS description, 2 AS `a.b`, 'x' AS `c``d`, "
        "array('t', NULL) AS tags, CAST('1.000001' AS decimal(20,6)) AS money, "
        "timestamp'9999-12-31 23:59:59' AS seen, X'00FF' AS raw, "
        "named_struct('x', 1, 'y', map('k', 0.5D)) AS more, INTERVAL '1 02:03:04' DAY TO SECOND AS w"
    )
    df = df.unionByName(df.select("id", "description"), allowMissingColumns=True)
    labelled = kpoclf.spark.label(df)
    assert labelled.schema.fields[: len(df.columns)] == df.schema.fields
    assert labelled.columns[len(df.columns) :] == list(OUTPUT_COLUMNS)
    kept = labelled.select(*(f"`{c.replace('`', '``')}`" for c in df.columns))
    assert kept.collect() == df.collect()


@on_spark
def test_several_text_columns_are_joined_as_in_files(spark, shipped_model):
    rows = [
        (0, "Payroll clerk", "Key hours."),
        (1, None, "Advise."),
        (2, "", "Post."),
        (3, None, None),
    ]
    df = spark.createDataFrame(rows, "id bigint, title string, body string")
    texts = ["\n".join(v for v in row[1:] if v) for row in rows]
    found = added(kpoclf.spark.label(df, text=["title", "body"]))
    assert found == expected(shipped_model, texts)


@on_spark
def test_a_text_that_is_no_utf8_is_labelled_and_kept(spark, shipped_model):
    df = spark.sql("SELECT 0 AS id, CAST(X'506F7374FF2062696C6C73' AS string) AS description")
    labelled = kpoclf.spark.label(df)
    assert added(labelled) == expected(shipped_model, ["Post\ufffd bills"])
    assert labelled.selectExpr("hex(description)").first()[0] == "506F7374FF2062696C6C73"


@on_spark
def test_another_model_can_be_given_as_folder_or_object(spark, shipped_model, tmp_path):
    careful = shipped_model.with_review(review_share=0.6)
    careful.save(tmp_path / "careful")
    for model in (careful, tmp_path / "careful"):
        found = added(kpoclf.spark.label(frame(spark), model=model))
        assert found == expected(careful, TEXTS)
    assert found != expected(shipped_model, TEXTS)


@on_spark
def test_a_filter_on_the_label_does_not_label_twice(spark, capsys):
    kpoclf.spark.label(frame(spark)).filter("kpoclf_status = 'ok'").explain()
    assert capsys.readouterr().out.count("ArrowEvalPython") == 1


@on_spark
def test_nothing_is_labelled_where_no_answer_is_asked_for(spark, capsys):
    kpoclf.spark.label(frame(spark)).select("id").explain()
    assert "ArrowEvalPython" not in capsys.readouterr().out


@on_spark
def test_a_stream_is_labelled(spark, shipped_model, tmp_path):
    frame(spark).write.parquet(str(tmp_path / "in"))
    stream = spark.readStream.schema("id bigint, description string").parquet(str(tmp_path / "in"))
    query = (
        kpoclf.spark.label(stream)
        .writeStream.trigger(availableNow=True)
        .option("checkpointLocation", str(tmp_path / "state"))
        .format("parquet")
        .start(str(tmp_path / "out"))
    )
    assert query.awaitTermination(120)
    found = added(spark.read.parquet(str(tmp_path / "out")))
    assert found == expected(shipped_model, TEXTS)


@on_spark
@pytest.mark.parametrize(
    ("columns", "text", "message"),
    [
        ("id bigint, body string", "description", "no column 'description' (text); columns: 'id'"),
        ("id bigint, body string", "id", "column 'id' is long, not text: cast it to string"),
        ("id bigint, body string", [], "no text column given"),
        ("body string, KPOCLF_Label string", "body", "'KPOCLF_Label' already; pass overwrite=True"),
    ],
)
def test_an_unusable_frame_is_one_line_before_anything_runs(spark, columns, text, message):
    with pytest.raises(InputError) as caught:
        kpoclf.spark.label(spark.createDataFrame([], columns), text=text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@on_spark
def test_labels_can_be_replaced(spark, shipped_model):
    twice = kpoclf.spark.label(kpoclf.spark.label(frame(spark)), overwrite=True)
    assert twice.columns == ["id", "description", *OUTPUT_COLUMNS]
    assert added(twice) == expected(shipped_model, TEXTS)


class _Counted:
    """A broadcast that counts how often its value is asked for."""

    def __init__(self, value):
        self._value = value
        self.asked = 0

    @property
    def value(self):
        self.asked += 1
        return self._value


class _Session:
    def __init__(self):
        self._jvm = self.sparkContext = self
        self.sent = []

    def broadcast(self, value):
        self.sent.append(_Counted(value))
        return self.sent[-1]


def test_a_worker_unpacks_a_model_once(shipped_model):
    session = _Session()
    parcel = _Parcel.of(shipped_model, session)
    assert parcel.open() is parcel.open()
    assert session.sent[0].asked == 1


def test_without_broadcasts_the_model_travels_with_the_function(tiny_model):
    parcel = _Parcel.of(tiny_model, object())
    assert parcel.open().id == tiny_model.id


def test_a_worker_of_another_release_says_so(tiny_model):
    parcel = _Parcel("none", "0.0.0", b"")
    with pytest.raises(ModelError, match=r"the driver has kpoclf 0\.0\.0, a worker .* on both"):
        parcel.open()


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"pyspark.*kpoclf\[spark\]"):
        kpoclf.spark.label(None)


CLUSTER = """
import sys, warnings
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
import kpoclf.spark
builder = SparkSession.builder.master("local-cluster[2,1,1024]")
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
df = spark.read.parquet(sys.argv[1])
kpoclf.spark.label(df).write.parquet(sys.argv[2])
executors = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
print("executors", len(executors) - 1)
"""


@on_spark
@pytest.mark.slow
def test_two_workers_give_every_row_with_the_answers_of_one_process(
    spark, shipped_model, tmp_path, monkeypatch
):
    texts = [f"{TEXTS[0] if i % 3 else TEXTS[3]} {i}" for i in range(4000)]
    frame(spark, texts, parts=8).write.parquet(str(tmp_path / "in"))
    command = [sys.executable, "-c", CLUSTER, str(tmp_path / "in"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "executors 2" in done.stdout
    found = spark.read.parquet(str(tmp_path / "out"))
    assert found.count() == len(texts)
    assert added(found) == expected(shipped_model, texts)


CONNECT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
import kpoclf.spark
spark = SparkSession.builder.remote("local[2]").getOrCreate()
df = spark.createDataFrame(list(enumerate(json.load(sys.stdin))), "id bigint, description string")
found = kpoclf.spark.label(df).orderBy("id").collect()
print(type(spark).__module__)
print(json.dumps([list(row)[2:] for row in found]))
"""


@on_spark
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_spark_connect_gives_the_answers_of_one_process(shipped_model):
    pytest.importorskip("pyspark")
    pytest.importorskip("grpc")
    done = subprocess.run(
        [sys.executable, "-c", CONNECT],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"PYSPARK_PYTHON": sys.executable},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    kind, found = done.stdout.splitlines()[-2:]
    assert "connect" in kind
    assert list(map(tuple, json.loads(found))) == expected(shipped_model, TEXTS)
