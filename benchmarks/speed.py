"""How fast kpoclf is beside its rivals: one command, all contestants in turn, ratios with their spread.

    python benchmarks/speed.py [--short FILE] [--long FILE] [--rounds N] [--only PART] [--write]

Absolute times mean nothing on a shared machine; what is compared is run in turn, round by round.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice, pairwise
from pathlib import Path

import click
import numpy as np

import kpoclf
from kpoclf.corpus.rows import read_corpus
from kpoclf.resources import shipped
from kpoclf.tables.columns import text_columns

HERE = Path(__file__).parent
PYTHON = sys.executable
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have the bytecode; numpy has it always
KPOCLF = [PYTHON, "-m", "kpoclf"]
SENTENCE = "Key invoice numbers from scanned forms into the ledger system."
LAUNCH = """
import resource, subprocess, sys, time
begin = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begin
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, file=sys.stderr)
sys.exit(code)
"""
REWRITE = """
import csv, sys
csv.field_size_limit(1 << 30)
with open(sys.argv[1], newline="", encoding="utf-8") as given:
    with open(sys.argv[2], "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        for row in csv.reader(given):
            writer.writerow(row)
"""

PARTS = ("heads", "files", "growth", "start", "training")
Contest = dict[str, Callable[[], object]]
Row = tuple[str, str, float, float, float]  # measure, goal, median, least, most


def in_turn(contest: Contest, rounds: int) -> dict[str, list[float]]:
    """Seconds of each contestant in each round; one round before them is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contest}
    for number in range(rounds + 1):
        for name, run in contest.items():
            begin = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - begin)
    return times


def ratio(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and most of the ratios of each round.

    Examples
    --------
    >>> ratio([2.0, 6.0, 4.0], [1.0, 2.0, 2.0])
    (2.0, 2.0, 3.0)
    """
    found = [a / b for a, b in zip(over, under, strict=True)]
    return statistics.median(found), min(found), max(found)


def texts_of(path: Path | None, register: Sequence[str], n: int) -> list[str]:
    """Texts of a CSV file, or rows of the corpus; repeated or cut to `n`."""
    if path is None:
        texts = [row.text for row in read_corpus() if row.register in register]
    else:
        csv.field_size_limit(1 << 30)
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.reader(stream)
            places = text_columns(next(reader), [], str(path))
            texts = ["\n".join(row[i] for i in places) for row in reader]
    return list(islice(cycle(texts), n))


def fasttext_rivals() -> dict[str, Callable[[list[str]], object]]:
    """The fastText models of two sizes, trained on the corpus; none without the extra."""
    try:
        import fasttext
    except ImportError:
        click.echo("fastText is not installed (extra bench): left out", err=True)
        return {}
    fasttext.FastText.eprint = lambda *args, **how: None
    found: dict[str, Callable[[list[str]], object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "rows.txt")
        rows = [row for row in read_corpus() if row.label != "OTHER"]
        lines = (f"__label__{row.label} {' '.join(row.text.lower().split())}\n" for row in rows)
        data.write_text("".join(lines), encoding="utf-8")
        for name, how in (
            ("fastText, dim 10", {"dim": 10, "bucket": 200_000}),
            ("fastText, dim 100", {"dim": 100}),
        ):
            model = fasttext.train_supervised(
                str(data), wordNgrams=2, lr=0.5, thread=1, verbose=0, **how
            )
            found[name] = lambda texts, model=model: model.f.multilinePredict(
                texts, 1, 0.0, "strict"
            )
    return found


def heads(
    kind: str,
    texts: list[str],
    rivals: dict[str, Callable[[list[str]], object]],
    rounds: int,
) -> tuple[list[Row], dict[str, float]]:
    """The label head and all heads beside scikit-learn and fastText."""
    model = kpoclf.load()
    pipeline = model.to_sklearn()
    contest: Contest = {
        "kpoclf, label head": lambda: model.decision_function(texts),
        "kpoclf, all heads": lambda: model.judge(texts),
        "scikit-learn": lambda: pipeline.decision_function(texts),
    }
    lines = [" ".join(text.lower().split()) + "\n" for text in texts]  # not timed, in its favour
    for name, label in rivals.items():
        contest[name] = lambda label=label: label(lines)
    times = in_turn(contest, rounds)
    own = times["kpoclf, label head"]
    goals = {"fastText, dim 10": "3" if kind == "short" else "1.1"}
    rows: list[Row] = [
        (
            f"label head against scikit-learn, {kind}",
            "at least 8",
            *ratio(times["scikit-learn"], own),
        )
    ]
    rows += [
        (f"label head against {name}, {kind}", f"at least {goals.get(name, '1')}", *ratio(t, own))
        for name, t in times.items()
        if name.startswith("fastText")
    ]
    share = "at least 0.3" if kind == "short" else "at least 0.4"
    rows.append(
        (
            f"all heads, share of the label head's speed, {kind}",
            share,
            *ratio(own, times["kpoclf, all heads"]),
        )
    )
    slowest = statistics.median(times["scikit-learn"])
    return rows, {name: slowest / statistics.median(t) for name, t in times.items()}


def run(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command."""
    # By a small process in between: a child's peak counts what its parent held when it began.
    done = subprocess.run([PYTHON, "-c", LAUNCH, *command], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.decode()}")
    seconds, megabytes = map(float, done.stderr.split()[-2:])
    return seconds, megabytes


def end_to_end(texts: list[str], megabytes: float, rounds: int) -> list[Row]:
    """A CSV file labelled, beside reading and rewriting it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/in.csv", f"{folder}/out.csv"
        size = number = 0
        with open(source, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "title", "description", "city"])
            for text in cycle(texts):
                if size > megabytes * 1e6:
                    break
                writer.writerow([number, 'The "analyst", of sorts', text, "Springfield"])
                size += len(text.encode()) + 50
                number += 1
        label = [*KPOCLF, "label", source, "-o", target, "-q", "--processes"]
        other = [*KPOCLF, "label", source, "-o", f"{folder}/other.csv", "-q", "--processes", "1"]
        commands = {
            "rewrite": [PYTHON, "-c", REWRITE, source, target],
            "one": [*label, "1"],
            "two": [*label, "2"],
            "two runs": [
                "sh",
                "-c",
                f"{shlex.join(other)} & {shlex.join([*label, '1'])} && wait $!",
            ],
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                found[name].append(run(command))
    seconds = {name: [s for s, _ in runs] for name, runs in found.items()}
    peaks = {name: float(max(mb for _, mb in runs)) for name, runs in found.items()}
    size_told = f"{megabytes:g} MB of CSV"
    return [
        (
            f"{size_told} against rewriting it",
            "at most 2.5",
            *ratio(seconds["one"], seconds["rewrite"]),
        ),
        (
            f"{size_told}, two processes against one",
            "at least 1.8",
            *ratio(seconds["one"], seconds["two"]),
        ),
        (
            f"{size_told}, what two runs at once gain on this machine",
            "",
            *ratio([2 * s for s in seconds["one"]], seconds["two runs"]),
        ),
        (f"{size_told}, peak memory of one process, MB", "at most 100", *[peaks["one"]] * 3),
        (f"{size_told}, peak memory of each of two, MB", "at most 100", *[peaks["two"]] * 3),
    ]


def growth(texts: list[str], sizes: Sequence[int]) -> list[Row]:
    """Cost of ever more rows, each beside a tenth of them, which is run before and after."""
    seconds: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.txt")
        lines = [" ".join(text.split()) + "\n" for text in texts]
        label = [*KPOCLF, "label", str(source), "-o", f"{folder}/out.csv", "-q", "--processes", "1"]
        for size in [*sizes, *reversed(sizes[:-1])]:
            with source.open("w", encoding="utf-8") as stream:
                stream.writelines(islice(cycle(lines), size))
            seconds[size].append(run(label)[0])
    rows = []
    for small, large in pairwise(sizes):
        cost = statistics.mean(seconds[large])
        found = (
            cost / statistics.mean(seconds[small]),
            cost / max(seconds[small]),
            cost / min(seconds[small]),
        )
        rows.append((f"{large:,} rows against {small:,}", "at most 10.5", *found))
    return rows


def cold(rounds: int) -> list[Row]:
    """The command and loading, beside ``import numpy``."""
    timed = "import time; a = time.perf_counter(); {}; print(time.perf_counter() - a)"
    with tempfile.TemporaryDirectory() as folder:
        ten = Path(folder, "ten.csv")
        ten.write_text("text\n" + f"{SENTENCE}\n" * 10, encoding="utf-8")
        commands = {
            "numpy": [PYTHON, "-c", "import numpy"],
            "explain": [*KPOCLF, "explain", SENTENCE],
            "ten rows": [*KPOCLF, "label", str(ten), "-o", f"{folder}/out.csv", "-q"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in [*commands, "import", "load"]}
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(run(command)[0])
            for name, code in (
                ("import", timed.format("import numpy")),
                ("load", "import numpy; from kpoclf import load; " + timed.format("load()")),
            ):
                done = subprocess.run([PYTHON, "-c", code], capture_output=True, check=True)  # noqa: S603
                seconds[name].append(float(done.stdout))
    folder_mb = sum(f.stat().st_size for f in shipped("models", "default").iterdir()) / 1e6
    return [
        (
            "explain, cold, against import numpy",
            "at most 2",
            *ratio(seconds["explain"], seconds["numpy"]),
        ),
        (
            "label of ten rows, cold, against import numpy",
            "at most 2",
            *ratio(seconds["ten rows"], seconds["numpy"]),
        ),
        (
            "loading the model against import numpy",
            "at most 0.5",
            *ratio(seconds["load"], seconds["import"]),
        ),
        ("model folder, MB", "at most 12", folder_mb, folder_mb, folder_mb),
    ]


def training(texts: list[str], sizes: Sequence[int]) -> list[Row]:
    """Training on ever more short rows: seconds and megabytes (absolute: only their growth counts)."""
    code = (
        "import sys, json, time, resource; from kpoclf.corpus.rows import LabelledRow; "
        "from kpoclf.learn.fit import fit_model; rows = [LabelledRow(*r) for r in json.load(sys.stdin)]; "
        "a = time.perf_counter(); fit_model(rows); "
        "print(time.perf_counter() - a, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    labelled = [r for r in read_corpus() if r.label != "OTHER" and r.register == "task"]
    rng = np.random.default_rng(0)
    words = np.array([word for text in texts for word in text.split()], object)
    found: list[Row] = []
    for size in sizes:
        # A row of the corpus with some words of real text: no two are near-duplicates.
        rows = [
            (f"{row.text} {' '.join(rng.choice(words, 6))}", row.label, row.service)
            for row in islice(cycle(labelled), size)
        ]
        done = subprocess.run(  # noqa: S603
            [PYTHON, "-c", code], input=json.dumps(rows).encode(), capture_output=True, check=True
        )
        seconds, megabytes = map(float, done.stdout.split())
        found.append((f"training on {size:,} short rows, seconds", "", seconds, seconds, seconds))
        found.append((f"training on {size:,} short rows, MB", "", megabytes, megabytes, megabytes))
    return found


def met(goal: str, value: float) -> str:
    """Whether a value keeps to a goal.

    Examples
    --------
    >>> met("at least 8", 7.9), met("at most 2", 2.0), met("", 1.0)
    ('no', 'yes', '')
    """
    if not goal:
        return ""
    bound = float(goal.split()[-1])
    return "yes" if (value >= bound if goal.startswith("at least") else value <= bound) else "no"


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| measure | goal | found (range) | met |", "| --- | --- | --- | --- |"]
    for measure, goal, value, least, most in rows:
        spread = "" if least == most else f" ({least:.3g}–{most:.3g})"
        lines.append(f"| {measure} | {goal} | {value:.3g}{spread} | {met(goal, value)} |")
    return "\n".join(lines)


def draw(speeds: dict[str, dict[str, float]], path: Path) -> None:
    """A bar for each contestant: texts a second, scikit-learn being 1."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = list(reversed(next(iter(speeds.values()))))
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    place = np.arange(len(names))
    for shift, (kind, colour) in zip(
        (0.2, -0.2), (("short", "#1f5fa8"), ("long", "#9db8d6")), strict=True
    ):
        values = [speeds[kind][name] for name in names]
        bars = axes.barh(place + shift, values, 0.38, color=colour, label=f"{kind} texts")
        axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=3, fontsize=9)
    axes.set_yticks(place, names)
    axes.set_xlabel("texts a second, scikit-learn's pipeline = 1")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    axes.margins(x=0.1)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def write_results(parts: dict[str, list[Row]], record: dict[str, object]) -> None:
    """Write docs/speed.md, docs/speed.png and benchmarks/speed.json; other parts stay as they were."""
    path = HERE / "speed.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"measures": []}
    of_part = {part: [m for m in kept["measures"] if m["part"] == part] for part in PARTS}
    names = ("part", "measure", "goal", "median", "least", "most")
    for part, rows in parts.items():
        if rows:
            of_part[part] = [dict(zip(names, (part, *row), strict=True)) for row in rows]
    measures = [measure for part in PARTS for measure in of_part[part]]
    record = kept | record | {"measures": measures}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    docs = HERE.parent / "docs"
    draw(record["texts a second, scikit-learn = 1"], docs / "speed.png")
    lengths = record["characters a text"]
    told = (
        f"Short texts have {lengths['short']:,} characters on average, long ones "
        f"{lengths['long']:,}. All that is compared ran in turn, round by round, on one machine; a "
        "ratio is the median of the rounds, with their range (of growth: of means, the smaller size "
        "run before and after). Each part may be measured alone (`--only`). The label head is "
        "`decision_function`, all heads are what `label` writes. scikit-learn has the same terms, by "
        "the same table of stems; fastText was given lines already in lower case. What two runs at "
        "once gain is the time of one run, twice, over that of two runs at once, which share "
        "nothing. Seconds of training are of one machine with two cores."
    )
    (docs / "speed.md").write_text(
        "# Speed\n\nMade by `python benchmarks/speed.py --write`; do not edit.\n\n"
        + textwrap.fill(told, 110, break_long_words=False, break_on_hyphens=False)
        + "\n\n![texts a second](speed.png)\n\n"
        + table([tuple(m.values())[1:] for m in measures])
        + "\n",
        encoding="utf-8",
    )


@click.command()
@click.option(
    "--short",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of short texts. [default: the corpus]",
)
@click.option(
    "--long",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of long texts. [default: the corpus]",
)
@click.option(
    "--texts",
    type=click.IntRange(10),
    default=20_000,
    help="Short texts; of long ones a tenth. [default: 20000]",
)
@click.option(
    "--size", type=float, default=1000.0, help="Megabytes of the CSV file. [default: 1000]"
)
@click.option("--rounds", type=click.IntRange(1), default=5, help="[default: 5]")
@click.option(
    "--rows",
    type=click.IntRange(1000),
    default=10_000_000,
    help="Most rows of the growth. [default: 10 million]",
)
@click.option(
    "--train-rows",
    type=click.IntRange(0),
    default=100_000,
    help="Most rows to train on, from 10,000 on; 0: no training. [default: 100000]",
)
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    help="Measure this alone; may be repeated. --write keeps the other figures.",
)
@click.option(
    "--write", is_flag=True, help="Write docs/speed.md, docs/speed.png and benchmarks/speed.json."
)
def main(
    short: Path | None,
    long: Path | None,
    texts: int,
    size: float,
    rounds: int,
    rows: int,
    train_rows: int,
    only: tuple[str, ...],
    write: bool,
) -> None:
    """Measure kpoclf's speed beside scikit-learn, fastText, the csv module and import numpy."""
    os.environ["KPOCLF_HOME"] = os.devnull  # the shipped model, whatever its user promoted
    wanted = only or PARTS
    given = {
        "short": texts_of(short, ("task",), texts),
        "long": texts_of(long, ("full-posting",), max(texts // 10, 1)),
    }
    parts: dict[str, list[Row]] = {}
    record: dict[str, object] = {}
    if "heads" in wanted:
        rivals = fasttext_rivals()  # first: after much else it sometimes meets NaN
        measured = {kind: heads(kind, some, rivals, rounds) for kind, some in given.items()}
        parts["heads"] = [row for found, _ in measured.values() for row in found]
        record = {
            "characters a text": {
                kind: round(float(np.mean([len(t) for t in some]))) for kind, some in given.items()
            },
            "texts a second, scikit-learn = 1": {kind: s for kind, (_, s) in measured.items()},
        }
    if "files" in wanted:
        parts["files"] = end_to_end(given["long"], size, min(rounds, 3))
    if "growth" in wanted:
        sizes = (1000, 10_000, 100_000, 1_000_000, 10_000_000)
        parts["growth"] = growth(given["short"], [n for n in sizes if n <= rows])
    if "start" in wanted:
        parts["start"] = cold(3 * rounds)
    if "training" in wanted:
        sizes = (10_000, 100_000, 1_000_000)
        parts["training"] = training(given["short"], [n for n in sizes if n <= train_rows])
    click.echo(table([row for found in parts.values() for row in found]))
    if write:
        write_results(parts, record)


if __name__ == "__main__":
    main()
