"""`kpoclf explain`: one text, for a person or for a program."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

import kpoclf
from kpoclf.corpus.rows import read_corpus

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


def test_the_label_comes_first_then_the_service_then_the_terms(run, shipped_model):
    why = shipped_model.explain(BPO)
    done = run("explain", BPO)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == [why.label, "confidence", f"{why.confidence:.2f}", why.status]
    assert lines[1].startswith(f"service: {why.service} {why.services[0].probability:.2f}, ")
    assert lines[3].split() == ["term", "BPO", "<", "0", "<", "KPO"]
    shown = [line for line in lines[4:] if line.endswith("#")]
    assert len(shown) == min(12, len(why.words))
    for line, word in zip(shown, why.words, strict=False):
        assert line.startswith(word.term)
        assert f"{word.contribution:+.3f}" in line
    assert lines[-2].split() == ["intercept", f"{why.intercept:+.3f}"]
    assert lines[-1].split() == ["decision", "value", f"{why.decision:+.3f}"]


def figures(out):
    """Each term or sum that was shown, with its figure."""
    lines = out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("term"))
    pairs = (line.rstrip("# ").rsplit(maxsplit=1) for line in lines[first + 1 :])
    return {name.rstrip(): float(figure) for name, figure in pairs}


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


def test_the_figures_stand_in_one_column(run):
    for text in ("audit", "audit reports", BPO, " ".join(r.text for r in read_corpus()[:4])):
        lines = run("explain", text).out.splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("term"))
        columns = {
            len(line.rstrip("# ")) - len(line.rstrip("# ").split()[-1])
            for line in lines[first + 1 :]
        }
        assert len(columns) == 1


def test_the_strongest_term_has_the_longest_bar(run):
    lines = run("explain", BPO).out.splitlines()
    bars = [line.count("#") for line in lines if "#" in line]
    assert bars == sorted(bars, reverse=True)
    assert bars[0] == 20
    assert bars[-1] >= 1


def test_usual_texts_are_explained_within_eighty_columns(run):
    for row in read_corpus()[::60]:
        done = run("explain", "--all", row.text)
        assert max(map(len, done.out.splitlines())) <= 80, row.text


def test_json_holds_everything_that_python_says(run, shipped_model):
    done = run("explain", BPO, "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json.loads(json.dumps(shipped_model.explain(BPO).to_dict()))
    assert list(json.loads(done.out)) == [
        "model", "label", "confidence", "status", "service", "services", "p_kpo", "p_in_scope",
        "decision", "intercept", "words",
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
    assert "confidence 0.50  out of scope: not work of either kind" in lines[0]
    assert lines[1:] == ["no known terms: the text says nothing to go by"]
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
    assert run("explain", "\udcff audit reports \udcfe").out == run("explain", "audit reports").out
    assert run("explain", "--json", "\udcff audit reports").code == 0


def test_a_text_of_a_megabyte_is_explained(run, stdin):
    stdin(b"Audit the ledger. " * 60_000)
    done = run("explain", "-")
    assert done.code == 0
    assert len(done.out.splitlines()) < 30


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
    assert done.err == f"kpoclf: {tmp_path / 'nowhere'}: no such model folder\n"
