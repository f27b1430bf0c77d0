"""The store of versions: what it holds is whole, and one of it is current."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import kpoclf
from kpoclf.errors import InputError, ModelError
from kpoclf.judge.model import Model
from kpoclf.model.folder import read_model
from kpoclf.model.store import Store
from kpoclf.resources import home_folder, shipped

KILLS = int(os.environ.get("KPOCLF_KILLS", "10"))
MOVES = ("promote", "rollback")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home")


@pytest.fixture
def folders(tiny_model, tmp_path):
    """Three model folders of different content, and their ids."""
    found = {}
    for number in range(3):
        model = Model(replace(tiny_model.trained, corpus={"rows": number}))
        model.save(tmp_path / f"model {number}")
        found[model.id] = tmp_path / f"model {number}"
    return found


@pytest.fixture
def ids(store, folders):
    """Ids of three versions in the store."""
    return [store.add(folder) for folder in folders.values()]


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


def moves(store):
    """Every change of the current version, as from and to."""
    return [(e["from"], e["to"]) for e in store.log() if e["action"] in MOVES]


def leftovers(store):
    return sorted(path.name for path in store.home.rglob(".*"))


def test_a_new_store_has_the_shipped_model_alone_and_writes_nothing(store, shipped_model):
    (only,) = store.versions()
    assert (only.name, only.id, only.current) == ("shipped", shipped_model.id, True)
    assert (only.path, only.added) == (shipped("models", "default"), None)
    assert only.rows == shipped_model.trained.corpus["rows"]
    assert only.macro_f1 == shipped_model.trained.figures["label, macro_f1"]["value"]
    assert store.current() is store.since() is None
    assert store.read("current")[1] == store.read("shipped")[1] == shipped_model.id
    assert store.log() == []
    assert not store.home.exists()


def test_adding_copies_the_folder_byte_for_byte_under_its_id_and_does_not_make_it_current(
    store, folders
):
    for name, folder in folders.items():
        (folder / "notes.txt").write_text("mine")
        assert store.add(str(folder)) == name
        (folder / "notes.txt").unlink()
        assert content(store.home / "models" / name) == content(folder)
    assert store.current() is None
    assert [v.id for v in store.versions()[1:]] == list(folders)
    assert [v.rows for v in store.versions()[1:]] == [0, 1, 2]
    age = datetime.now(UTC) - store.versions()[1].added
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_adding_again_changes_nothing(store, folders):
    name, folder = next(iter(folders.items()))
    store.add(folder)
    before = (store.home / "models" / name / "weights.npz").stat().st_mtime_ns
    assert store.add(folder) == store.add(store.path_of(name)) == name
    assert (store.home / "models" / name / "weights.npz").stat().st_mtime_ns == before
    assert [entry["action"] for entry in store.log()] == ["add"]


def test_adding_again_mends_a_damaged_copy(store, folders):
    name, folder = next(iter(folders.items()))
    store.add(folder)
    damage(store.home / "models" / name / "weights.npz")
    with pytest.raises(ModelError, match="changed or truncated"):
        store.read(name)
    store.add(folder)
    assert content(store.home / "models" / name) == content(folder)
    assert leftovers(store) == []


def test_a_damaged_folder_is_not_added(store, folders):
    folder = next(iter(folders.values()))
    damage(folder / "weights.npz")
    with pytest.raises(ModelError, match=r"weights\.npz: not the file that was saved"):
        store.add(folder)
    assert not store.home.exists()


def test_promoting_makes_current_and_rolling_back_goes_through_what_was_current(store, ids):
    first, second, third = ids
    for name in (first, second, "shipped", third):
        assert store.promote(name, "better") == name
        assert store.read("current")[1] == store.read(name)[1]
    assert [store.rollback("worse") for _ in range(4)] == ["shipped", second, first, "shipped"]
    assert store.current() is None
    with pytest.raises(InputError, match="no earlier version to go back to; see kpoclf models"):
        store.rollback()


def test_after_a_rollback_and_a_promotion_the_rolled_back_version_does_not_return(store, ids):
    first, second, third = ids
    for name in (first, second):
        store.promote(name)
    store.rollback()
    store.promote(third)
    assert [store.rollback(), store.rollback()] == [first, "shipped"]


def test_promoting_the_current_version_changes_nothing(store, ids):
    store.promote(ids[0], "better")
    before = content(store.home / "models" / ids[0]), store.log()
    store.promote("current")
    store.promote(ids[0])
    assert (content(store.home / "models" / ids[0]), store.log()) == before
    assert store.rollback() == "shipped"


def test_just_one_version_is_marked_current(store, ids):
    for name in (*ids, "shipped"):
        store.promote(name)
        assert [v.name for v in store.versions() if v.current] == [name]


def test_the_log_says_who_when_from_to_and_why(store, ids, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    store.promote(ids[0], "it knows\nnurses")
    store.rollback("ça empire")
    added, *_, promoted, back = store.log()
    assert (added["action"], added["from"], added["to"]) == ("add", None, ids[0])
    assert promoted.items() >= {
        "action": "promote", "who": "ann", "from": "shipped", "to": ids[0], "why": "it knows\nnurses",
    }.items()  # fmt: skip
    assert (back["from"], back["to"], back["why"]) == (ids[0], "shipped", "ça empire")
    when = datetime.fromisoformat(back["when"])
    assert when.utcoffset() == timedelta(0)
    assert when == store.since()
    assert datetime.fromisoformat(promoted["when"]) < when


def test_a_user_without_a_name_is_a_number(store, ids, monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    store.promote(ids[0])
    assert store.log()[-1]["who"] == str(os.getuid())


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_of_the_log_that_a_kill_cut_is_passed_over_and_written_again(store, ids, cut):
    store.promote(ids[0], "first")
    store.promote(ids[1], "second")
    whole = store.log()
    log = store.home / "log.jsonl"
    log.write_bytes(log.read_bytes()[:-cut])
    assert store.log() == whole
    store.promote(ids[2])
    assert store.log()[:-1] == whole
    assert moves(store) == [("shipped", ids[0]), (ids[0], ids[1]), (ids[1], ids[2])]


def test_what_is_no_line_of_the_log_is_passed_over(store, ids):
    whole = store.log()
    with (store.home / "log.jsonl").open("ab") as stream:
        stream.write(b'\xff\xfe\n[]\n{"action": "add"}\n7\n\n' + b"[" * 100_000 + b"\n")
        stream.write(json.dumps({**whole[0], "when": "yesterday"}).encode())
    assert store.log() == whole


def test_a_unique_beginning_of_an_id_is_enough(store, ids):
    for name in ids:
        others = [other for other in ids if other != name]
        length = next(n for n in range(1, 13) if not any(o.startswith(name[:n]) for o in others))
        assert store.path_of(name[:length]).name == name
    assert store.promote(ids[0][:11]) == ids[0]


def test_the_id_of_the_shipped_model_names_it(store, ids, shipped_model):
    assert store.path_of(shipped_model.id) == store.path_of("shipped")


def test_a_beginning_that_several_ids_have_is_refused(store, ids):
    twin = ids[0][:11] + ("0" if ids[0][11] != "0" else "1")
    shutil.copytree(store.path_of(ids[0]), store.home / "models" / twin)
    with pytest.raises(InputError, match=f"^{ids[0][:11]}: begins the ids of 2 versions"):
        store.path_of(ids[0][:11])
    assert store.path_of(ids[0]).name == ids[0]


@pytest.mark.parametrize("name", ["", ".", "..", "zzz", "models", "Shipped", "/", "ids\0"])
def test_a_name_that_is_no_id_is_refused(store, ids, name):
    shutil.copytree(store.path_of(ids[0]), store.home / "models" / f".{ids[0]}.x.part")
    with pytest.raises(InputError, match="no version has this id; kpoclf models list shows them"):
        store.path_of(name)


def test_a_damaged_candidate_is_not_promoted(store, ids):
    store.promote(ids[0])
    before = (store.home / "current.json").read_bytes()
    damage(store.home / "models" / ids[1] / "weights.npz")
    shutil.rmtree(store.home / "models" / ids[2])
    for name in ids[1:]:
        with pytest.raises((ModelError, InputError)):
            store.promote(name)
    assert (store.home / "current.json").read_bytes() == before


def test_a_candidate_without_usable_scores_is_not_promoted(store, tiny_model, tmp_path):
    weights = replace(tiny_model.trained.weights, label_intercept=np.nan)
    Model(replace(tiny_model.trained, weights=weights)).save(tmp_path / "nan")
    name = store.add(tmp_path / "nan")
    with pytest.raises(ModelError, match="gives no usable score; train anew"):
        store.promote(name)
    assert store.current() is None


def test_a_folder_that_is_named_for_another_model_is_not_promoted_or_listed(store, ids):
    other = store.home / "models" / "0123456789ab"
    shutil.copytree(store.path_of(ids[0]), other)
    with pytest.raises(ModelError, match=f"holds model {ids[0]}, not the one it is named for"):
        store.promote(other.name)
    assert [v.name for v in store.versions()] == ["shipped", *ids]


def test_a_rollback_to_a_damaged_version_is_refused(store, ids):
    store.promote(ids[0])
    store.promote(ids[1])
    damage(store.home / "models" / ids[0] / "weights.npz")
    with pytest.raises(ModelError, match="changed or truncated"):
        store.rollback()
    assert store.current() == ids[1]


@pytest.mark.parametrize("fault", ["gone", "cut", "no card"])
def test_a_current_version_that_is_damaged_is_told_with_the_way_out(store, ids, fault):
    store.promote(ids[0])
    folder = store.path_of(ids[0])
    if fault == "gone":
        shutil.rmtree(folder)
    elif fault == "cut":
        damage(folder / "weights.npz")
    else:
        (folder / "README.md").unlink()
    with pytest.raises(ModelError) as caught:
        store.read("current")
    told = str(caught.value)
    assert told.startswith(f"the current model is not usable: {folder}")
    assert told.endswith("; `kpoclf models use shipped` goes back to the shipped model")
    assert "\n" not in told
    store.promote("shipped")
    assert store.read("current")[1] == store.read("shipped")[1]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"id": null}', '{"id": "../../etc", "history": [], "change": null}']
    + [json.dumps({"id": i, "history": h, "change": c}) for i, h, c in [
        ("../evil12345", [], {}), (None, 5, {}), (None, [], None), (None, [3], {"when": ""}),
    ]]
    + ["[" * 100_000],
)  # fmt: skip
def test_a_damaged_pointer_is_told_with_the_way_out(store, ids, text):
    store.promote(ids[0])
    logged = store.log()
    (store.home / "current.json").write_text(text)
    for ask in (store.current, store.since, store.rollback, lambda: store.read("current")):
        with pytest.raises(ModelError) as caught:
            ask()
        told = str(caught.value)
        assert told.startswith(f"{store.home / 'current.json'}: does not say which")
        assert told.count("`kpoclf models use shipped` goes back to the shipped model") == 1
    assert not any(version.current for version in store.versions())
    assert store.log() == logged
    store.promote("shipped", "way out")
    assert store.current() is None
    assert (store.log()[-1]["from"], store.log()[-1]["to"]) == (None, "shipped")


def test_a_half_copied_model_is_not_listed_and_goes_with_the_next_change(store, ids, folders):
    models = store.home / "models"
    for half in (models / f".{ids[0]}.ab_c1.part", models / f".{ids[1]}.x.old", models / ids[2]):
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(models / ids[0], half)
        (half / "weights.npz").unlink()
    (store.home / ".current.json.q1.part").write_text("{")
    (store.home / ".mine.part").write_text("not ours")
    assert [v.name for v in store.versions()] == ["shipped", *ids[:2]]
    store.add(folders[ids[2]])
    assert leftovers(store) == [".mine.part"]
    assert [v.name for v in store.versions()] == ["shipped", *ids]


def test_without_locks_the_store_works_and_leaves_alone_what_others_may_be_writing(
    store, folders, monkeypatch
):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    half = store.home / "models" / ".0123456789ab.x.part"
    half.mkdir(parents=True)
    name = store.add(next(iter(folders.values())))
    store.promote(name)
    assert store.current() == name
    assert half.exists()


@pytest.mark.parametrize("place", [".", "below"])
def test_a_home_that_cannot_be_written_is_told_in_one_line(folders, tmp_path, place):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / place)
    assert store.current() is None
    assert [v.name for v in store.versions()] == ["shipped"]
    for write, what in ((store.add, next(iter(folders.values()))), (store.promote, "shipped")):
        with pytest.raises(InputError) as caught:
            write(what)
        assert str(caught.value).startswith(f"{store.home}: cannot be written (")
        assert "KPOCLF_HOME" in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files")
@pytest.mark.parametrize("call", ["add({folder!r})", "promote({other!r})", "rollback()"])
def test_a_full_disk_changes_nothing_and_is_told_in_one_line(store, ids, folders, call):
    store.promote(ids[0])
    store.promote(ids[1])
    shutil.rmtree(store.path_of(ids[2]))
    before, versions, log = store.current(), store.versions(), store.log()
    call = call.format(folder=str(folders[ids[2]]), other=ids[0])
    code = f"""
import resource
from pathlib import Path
from kpoclf.errors import InputError
from kpoclf.model.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    Store(Path({str(store.home)!r})).{call}
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{store.home}: cannot be written (File too large); make room")
    assert (store.current(), store.versions(), store.log()) == (before, versions, log)
    assert leftovers(store) == []


def test_a_change_whose_line_the_log_could_not_take_is_in_the_log_all_the_same(
    store, ids, monkeypatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_append", full)
        store.promote(ids[0], "why")
    assert store.current() == ids[0]
    assert b"why" not in (store.home / "log.jsonl").read_bytes().replace(b'"why"', b"")
    assert store.log()[-1]["why"] == "why"
    store.promote(ids[1])
    assert moves(store) == [("shipped", ids[0]), (ids[0], ids[1])]


def test_load_gives_the_shipped_model_whatever_is_current(home, folders, shipped_model):
    store = Store()
    name = store.add(next(iter(folders.values())))
    assert kpoclf.load("current").id == shipped_model.id
    store.promote(name)
    assert kpoclf.load("current").id == name
    assert kpoclf.load().id == shipped_model.id
    store.promote("shipped")
    assert kpoclf.load("current").id == shipped_model.id


def test_a_folder_called_current_is_reached_by_a_path(home, folders, tmp_path, monkeypatch):
    (name, folder), *_ = folders.items()
    folder.rename(tmp_path / "current")
    monkeypatch.chdir(tmp_path)
    assert kpoclf.load("./current").id == kpoclf.load(Path("current")).id == name
    assert kpoclf.load("current").id != name


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")
@pytest.mark.parametrize("base", [None, "", "/data", "/data/", "data", "~/x"])
@pytest.mark.parametrize("user", [None, "", "/home/ann", "ann", "/"])
def test_the_home_is_where_platformdirs_says(monkeypatch, base, user):
    from platformdirs import user_data_path

    for name, value in {"KPOCLF_HOME": None, "XDG_DATA_HOME": base, "HOME": user}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert home_folder() == user_data_path("kpoclf")
    monkeypatch.setenv("KPOCLF_HOME", "mine")
    assert home_folder() == Path("mine")


def test_a_user_without_a_home_has_the_shipped_model(monkeypatch, folders, shipped_model):
    def homeless(*_, **__):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    for name in ("KPOCLF_HOME", "HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert kpoclf.load("current").id == shipped_model.id
    with pytest.raises(InputError, match="name another folder in KPOCLF_HOME"):
        Store().add(next(iter(folders.values())))


WRITER = """
import itertools, random, sys
from dataclasses import replace
from pathlib import Path
from kpoclf.errors import InputError
from kpoclf.model.folder import read_model, write_model
from kpoclf.model.store import Store

home, model, own, turns = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
trained, _ = read_model(model)
store = Store(home)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(turns) if turns else itertools.count():
    write_model(replace(trained, corpus={"turn": turn, "of": random.random()}), own)
    name = store.add(own)
    store.promote(name, f"turn {turn}")
    if turn % 3 == 2:
        try:
            store.rollback()
        except InputError as error:  # only where a kill came before the first promotion
            assert "no earlier" in str(error)
"""


def ready_writer(store, model, own, turns=0):
    """A process that writes turn by turn, without end if none is said, once it gets a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, store.home, model, own, str(turns)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    process.stdout.readline()
    return process


def assert_whole(store):
    """The store loads, every version listed is whole, and the log knows every change."""
    current = store.current()
    assert store.read("current")[1] == (current or store.read("shipped")[1])
    for version in store.versions():
        assert read_model(version.path)[1] == version.id
    listed = {version.name for version in store.versions()}
    steps = moves(store)
    assert {after for _, after in steps} <= listed
    # Each change begins where the one before it ended, and the last is what is current.
    chain = ["shipped", *(after for _, after in steps)]
    assert [*(before for before, _ in steps), current or "shipped"] == chain


def test_processes_that_write_at_once_lose_nothing(store, folders, tmp_path):
    model = next(iter(folders.values()))
    writers = [ready_writer(store, model, tmp_path / f"own {n}", turns=6) for n in range(3)]
    for writer in writers:
        writer.stdin.write(b"go\n")
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert_whole(store)
    assert len(store.versions()) == 1 + 3 * 6
    assert sum(entry["action"] == "promote" for entry in store.log()) == 3 * 6
    assert sum(entry["action"] == "rollback" for entry in store.log()) == 3 * 2
    assert leftovers(store) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_store_whose_writers_are_killed_at_any_moment_stays_whole(folders, tmp_path):
    model = next(iter(folders.values()))
    half_done = 0
    for number in range(KILLS):
        # Ten kills to a store: what one leaves behind is there when the next one starts.
        store = Store(tmp_path / f"home {number // 10}")
        writer = ready_writer(store, model, tmp_path / f"own {number}")
        writer.stdin.write(b"go\n")
        time.sleep(random.uniform(0, 0.2))  # noqa: S311
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
        assert_whole(store)
        if store.home.exists():
            lost = store.log()[-1:] != store._logged()[-1:]
            half_done += bool(leftovers(store)) or lost
        if number % 10 == 9:
            store.promote(store.add(model))
            assert_whole(store)
            assert leftovers(store) == []
    print(f"{KILLS} kills, {half_done} of them in the middle of a change")  # noqa: T201
