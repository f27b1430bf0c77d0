"""`kpoclf explain`: one text, for a person or for a program."""

import io
import json
from dataclasses import replace

import click
import jsonschema
import numpy as np
import pytest

import kpoclf
from kpoclf.cli.explanation_view import shown
from kpoclf.corpus.rows import read_corpus
from kpoclf.taxonomy import CRITERIA

BPO = "Reconcile supplier invoices and post them to the ledger. Advise counsel."


@pytest.fixture(autouse=True)
def _load_once(monkeypatch, shipped_model):
    """The shipped model takes longer to load than all that is asked of it here."""
    monkeypatch.setattr(
        "kpoclf.cli.model_option.load", lambda path: kpoclf.load(path) if path else shipped_model
    )


@pytest.fixture
def stdin(monkeypatch):
    """Give bytes on standard input."""

    def give(content):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return give


def sections(out):
    """Blocks of the output by their first word."""
    blocks = [block.splitlines() for block in out.split("\n\n")]
    return {block[0].split()[0]: block for block in blocks}


def test_the_label_comes_first_then_the_service_then_the_text_with_its_marks(run, shipped_model):
    why = shipped_model.explain(BPO)
    done = run("explain", BPO)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == [why.label, "confidence", f"{why.confidence:.2f}"]
    assert lines[0].endswith(f"  {why.status}")
    assert lines[1].startswith(f"service: {why.service} {why.services[0].probability:.2f}, ")
    marked = " ".join(lines[3:6])
    assert "[-invoices-]" in marked
    assert "{+Advise+}" in marked or "{+counsel+}" in marked


def figures(out):
    """Each term or sum that was shown, with its figure."""
    pairs = (line.rsplit(maxsplit=1) for line in sections(out)["WORDS"][1:])
    return {left.split("|")[0].rstrip(" #"): float(figure) for left, figure in pairs}


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_the_figures_shown_add_up_to_the_decision_value(run, options):
    text = " ".join(row.text for row in read_corpus()[:4])
    found = figures(run("explain", *options, text).out)
    decision = found.pop("decision value")
    assert sum(found.values()) == pytest.approx(decision, abs=0.0005 * (len(found) + 1))


def test_terms_beyond_twelve_are_summed_up_unless_all_are_asked_for(run, shipped_model):
    text = " ".join(row.text for row in read_corpus()[:4])
    n = len(shipped_model.explain(text).words)
    assert n > 12
    assert f"{n - 12} more terms" in figures(run("explain", text).out)
    everything = run("explain", "--all", text).out
    assert "more terms" not in everything
    assert len(figures(everything)) == n + 2


def test_bars_point_to_their_label_and_the_strongest_is_the_longest(run, shipped_model):
    why = shipped_model.explain(BPO)
    bars = [line for line in sections(run("explain", BPO).out)["WORDS"] if "#" in line]
    sizes = [line.count("#") for line in bars]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 16
    for line, word in zip(bars, why.words, strict=False):
        left, right = line.split("|")
        assert ("#" in right) == (word.contribution > 0)
        assert ("#" in left) == (word.contribution < 0)


def test_all_nine_criteria_are_shown_with_their_sentence_or_as_not_stated(run, shipped_model):
    text = "Post invoices by the checklist. A degree in accounting is a must."
    shown = sections(run("explain", text).out)["CRITERIA"][1:]
    assert [line.split()[0] for line in shown] == list(CRITERIA)
    for line, reading in zip(shown, shipped_model.explain(text).criteria, strict=True):
        assert (reading.pole or "-") in line.split()
        assert reading.sentence is None or reading.sentence[:20] in line


def test_each_sentence_is_shown_with_its_duty(run):
    text = "Key forms into the register. We offer free parking. Advise clients on tax risk."
    shown = sections(run("explain", text).out)["SENTENCES"]
    assert "share of KPO among duties: 0.50" in shown[0]
    assert [line[:3] for line in shown[1:]] == ["BPO", " - ", "KPO"]


def test_without_a_terminal_there_is_no_colour_and_with_one_there_is(run, monkeypatch):
    assert "\x1b" not in run("explain", BPO).out
    why = kpoclf.load().explain(BPO)
    coloured = shown(why, False, True)
    assert "\x1b[" in coloured
    assert click.unstyle(coloured).splitlines()[0] == shown(why, False, False).splitlines()[0]


@pytest.mark.parametrize("colour", [False, True])
def test_usual_texts_are_explained_within_eighty_columns(shipped_model, colour):
    for row in read_corpus()[::90]:
        found = shown(shipped_model.explain(row.text), True, colour)
        assert max(map(len, click.unstyle(found).splitlines())) <= 80, row.text


def test_the_schema_of_the_json_is_shipped_and_holds(run, shipped_model):
    schema = json.loads(run("explain", "--schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in ("", "audit", BPO, "Bake bread.", *(r.text for r in read_corpus()[::400])):
        jsonschema.validate(json.loads(run("explain", text, "--json").out), schema)


def test_json_holds_everything_that_python_says(run, shipped_model):
    done = run("explain", BPO, "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json.loads(json.dumps(shipped_model.explain(BPO).to_dict()))
    assert list(json.loads(done.out)) == [
        "model", "label", "confidence", "status", "service", "services", "p_kpo", "p_in_scope",
        "review_score", "decision", "intercept", "words", "turning_words", "sentences", "kpo_share",
        "criteria", "nearest",
    ]  # fmt: skip


def test_json_is_strict_where_a_model_knows_no_scope(run, tiny_model, tmp_path):
    weights = replace(tiny_model.trained.weights, scope_coef=np.zeros(0, np.float16))
    kpoclf.Model(replace(tiny_model.trained, weights=weights)).save(tmp_path / "model")
    done = run("explain", "advise claims keying", "--json", "--model", tmp_path / "model")
    assert "NaN" not in done.out
    assert json.loads(done.out)["p_in_scope"] is None


def test_a_dash_reads_standard_input(run, stdin):
    stdin(BPO.encode())
    assert run("explain", "-").out == run("explain", BPO).out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_standard_input_is_read_in_the_usual_encodings(run, stdin, encoding):
    text = "Audit the café's ledgers – naïve errors and all"
    stdin(text.encode(encoding))
    assert run("explain", "-").out == run("explain", text).out


@pytest.mark.parametrize("text", ["", " ", "zzzz qqqq", "2026"])
def test_a_text_that_says_nothing_is_told_so(run, stdin, text):
    done = run("explain", text)
    assert done.code == 0
    lines = done.out.splitlines()
    assert "confidence 0.50" in lines[0]
    assert lines[0].endswith("  out of scope: not work of either kind")
    assert lines[1:] == ["", "no known terms: the text says nothing to go by"]
    stdin(text.encode())
    assert run("explain", "-").out == done.out
    found = json.loads(run("explain", text, "--json").out)
    assert (found["words"], found["services"], found["service"]) == ([], [], "")


@pytest.mark.parametrize("content", [b"audit\0reports", b"\x7fELF\0\0\1", "audit".encode("utf-16")])
def test_a_binary_file_is_refused_in_one_line(run, stdin, content):
    stdin(content)
    done = run("explain", "-")
    assert (done.code, done.out) == (2, "")
    assert done.err == "kpoclf: the text holds NUL bytes: is it a binary file?\n"


def test_bytes_of_an_argument_that_are_no_text_do_no_harm(run):
    found = run("explain", "\udcff audit reports \udcfe")
    assert (found.code, "? {+audit+}" in found.out or "? [-audit-]" in found.out) == (0, True)
    assert run("explain", "--json", "\udcff audit reports").code == 0


def test_a_text_of_a_megabyte_is_explained(run, stdin):
    stdin(b"Audit the ledger. " * 60_000)
    done = run("explain", "-")
    assert done.code == 0
    assert len(done.out.splitlines()) < 140
    assert "more lines (--all shows them)" in done.out


def test_a_status_for_a_person_says_what_to_do(run):
    assert "review: a person should look" in run("explain", "audit").out


def test_a_near_certain_label_is_not_shown_as_certain(run, shipped_model):
    text = "Key invoice numbers from scanned forms into the ledger, type and file forms. " * 3
    assert shipped_model.explain(text).confidence > 0.995
    assert "confidence >0.99" in run("explain", text).out


@pytest.mark.parametrize("options", [[], ["--json"], ["--all"]])
def test_a_text_may_begin_with_a_bullet(run, options):
    text = "- answers phones\n- keeps visitor log --daily"
    wanted = run("explain", *options, "--", text)
    assert wanted.code == 0
    assert run("explain", *options, text) == wanted
    assert run("explain", text, *options) == wanted


def test_a_misspelt_option_is_not_taken_for_a_text(run):
    assert "No such option '--jsn'." in run("explain", "--jsn", "audit").err
    assert "No such option '-x'." in run("explain", "-x").err
    assert "unexpected extra argument" in run("explain", "- audit", "- report").err


def test_without_a_text_the_usage_is_told(run):
    done = run("explain")
    assert (done.code, done.out) == (2, "")
    assert done.err == "kpoclf: Missing argument 'TEXT'. See kpoclf explain --help.\n"


def test_another_model_is_taken_from_its_folder(run, tiny_model, tmp_path):
    tiny_model.save(tmp_path / "model")
    done = run("explain", "advise claims", "--model", tmp_path / "model", "--json")
    assert json.loads(done.out)["model"] == tiny_model.id
    done = run("explain", "advise claims", "--model", tmp_path / "nowhere")
    assert done.code == 2
    assert done.err == (
        f"kpoclf: {tmp_path / 'nowhere'}: no such model folder, nor a version of this id; "
        "kpoclf models list shows them\n"
    )


@pytest.mark.parametrize("name", ["posting.txt", "payroll", "a b.csv"])
def test_the_name_of_a_file_is_not_explained_as_a_text(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(BPO)
    done = run("explain", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"kpoclf: {name}: is a file, and TEXT is the text itself: kpoclf explain - < FILE explains "
        "one text, kpoclf label FILE labels rows\n"
    )


def test_the_name_of_a_file_that_is_not_there_is_told(run):
    done = run("explain", "no/posting.txt")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("kpoclf: no/posting.txt: no such file, and hardly a text;")


@pytest.mark.parametrize("text", ["payroll", "Key the forms of jobs.csv", "x" * 5000, "a\nb.csv"])
def test_a_text_that_is_no_name_of_a_file_is_explained(run, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "payroll").mkdir()
    assert run("explain", text).code == 0
