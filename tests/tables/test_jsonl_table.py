"""JSON Lines: every line comes back as it was, with members at the end of its object."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpoclf.tables.columns import OUTPUT_COLUMNS
from kpoclf.tables.label_file import label_file
from kpoclf.tables.open_table import ReadOptions

KEY = "Key invoice numbers from scanned forms"


@pytest.fixture
def members(values):
    """The members that labelling adds, as they are written."""

    def call(text):
        label, confidence, status, service = values(text)
        told = (label, float(confidence), status, service)
        return ", ".join(
            f"{json.dumps(k)}: {json.dumps(v)}" for k, v in zip(OUTPUT_COLUMNS, told, strict=True)
        )

    return call


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"text": "a}"}', "a}"),
        ('  { "text" :"a" ,"n":1.50 }  \r', "a"),
        ('{"text": "a", "x": {"y": ["}", 1E5, null]}, "z": {} }', "a"),
        ('{"text": "\\u00e9\\ud83d\\ude00é"}', "é😀é"),
        ('{"text": "a\u2028b\x85c"}', "a\u2028b\x85c"),
        ('{"text": "\\u0000\\ud800 key"}', "\x00\ud800 key"),
        ('{"text": "a", "text": "b"}', "b"),
        ('{"text": NaN}', "NaN"),
        ("{}", ""),
        ('{"other": 1}', ""),
        ('{"text": null}', ""),
        ('{"text": 12.0}', "12.0"),
        ('{"text": true}', "true"),
        ('{"text": ["key", "the forms"]}', "key\nthe forms"),
        ('{"text": ["key", 1]}', '["key", 1]'),
        ('{"text": {"de": "Prüfen"}}', '{"de": "Prüfen"}'),
    ],
)
def test_a_line_comes_back_with_members_at_its_end(label_bytes, members, line, text):
    content = f'{{"text": "{KEY}"}}\n{line}\n'.encode()
    head, tail = line[: line.rindex("}")], line[line.rindex("}") :]
    comma = "" if head.strip() == "{" else ", "
    found = label_bytes(content, "in.jsonl").text.split("\n", 1)[1]
    assert found == f"{head}{comma}{members(text)}{tail}\n"
    json.loads(found)


def test_blank_lines_and_line_ends_stay(label_bytes, members):
    found = label_bytes(b'\n{"text":"a"}\r\n  \n\r\n{"text":"b"}', "in.jsonl").text
    a, b = members("a"), members("b")
    assert found == f'\n{{"text":"a", {a}}}\r\n  \n\r\n{{"text":"b", {b}}}'
    assert label_bytes(b'{"text":"a"}\n\n \n', "in.jsonl").text.endswith("}\n\n \n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "b"', "column 13: not JSON: Expecting ',' delimiter; mend the line"),
        ('{"id": 007, "text": "a"}', "column 9: not JSON: Expecting ',' delimiter; mend the line"),
        ('{"text": "b"} {}', "column 15: not JSON: Extra data; mend the line"),
        ('{"text": "b\tc"}', "column 12: not JSON: Invalid control character at; mend the line"),
        ("text", "column 1: not JSON: Expecting value; mend the line"),
        ('["b"]', 'not an object but list; each line must be like {"text": "…"}'),
        ("3", 'not an object but int; each line must be like {"text": "…"}'),
        ("null", 'not an object but NoneType; each line must be like {"text": "…"}'),
        ('{"text": ' + "[" * 10_000 + "]" * 10_000 + "}", "nested too deep to be read"),
    ],
)
@pytest.mark.parametrize("before", [1, 700])
def test_a_line_that_is_no_object_stops_the_run_with_file_line_and_column(
    refused, line, message, before
):
    content = '{"text": "a"}\n' * before + "\n" + line + "\n"
    told = refused(content.encode(), "in.jsonl")
    separator = ", " if message.startswith("column") else ": "
    assert told.startswith(f"in.jsonl, line {before + 2}{separator}{message}")


def test_an_empty_file_is_refused_and_one_without_text_lists_its_members(refused):
    assert "the file is empty" in refused(b"\n", "in.jsonl")
    told = refused(b'{"a": 1}\n{"b": 2}\n', "in.jsonl")
    assert told.endswith("name one with --text; columns: 'a', 'b'")


def test_text_members_may_be_named_and_joined(label_bytes, members):
    line = '{"b": "forms", "a": "Key"}'
    found = label_bytes(f"{line}\n".encode(), "in.jsonl", text=("a", "b")).text
    assert found == f"{line[:-1]}, {members('Key' + chr(10) + 'forms')}}}\n"


@pytest.mark.parametrize("before", [0, 150])
def test_a_member_that_would_be_added_is_a_clash_wherever_it_first_appears(
    refused, label_bytes, members, before
):
    content = b'{"text": "a"}\n' * before
    content += b'{ "kpoclf_label" : "x" , "text": "a", "kpoclf_status": [1, "}"]  }\n'
    told = refused(content, "in.jsonl")
    assert "has a column 'kpoclf_label' already; pass --overwrite" in told
    if before:
        assert told.startswith("in.jsonl, line 151: ")
    last = label_bytes(content, "in.jsonl", overwrite=True).text.splitlines()[-1]
    assert last == f'{{ "text": "a", {members("a")}}}'


@pytest.mark.parametrize("only", ['{"kpoclf_label": 1}', '{"kpoclf_label": 1, "text": "a"}'])
def test_overwriting_the_first_member_leaves_valid_json(label_bytes, only):
    content = f'{{"text": "b"}}\n{only}\n'.encode()
    last = label_bytes(content, "in.jsonl", overwrite=True).text.splitlines()[-1]
    assert list(json.loads(last))[-4:] == list(OUTPUT_COLUMNS)
    assert json.loads(last)["kpoclf_label"] in ("KPO", "BPO")


def test_overwriting_leaves_lines_without_such_members_as_they_were(label_bytes, members):
    content = b'{"kpoclf_label": 1, "text": "a"}\n{"text" :  "b"  ,  "n": 1  }\n'
    last = label_bytes(content, "in.jsonl", overwrite=True).text.splitlines()[-1]
    assert last == f'{{"text" :  "b"  ,  "n": 1  , {members("b")}}}'


def test_what_is_not_known_is_null(label_bytes):
    found = json.loads(label_bytes(b'{"text": ""}', "in.jsonl", detail=True).text)
    assert None not in (found["kpoclf_label"], found["kpoclf_confidence"])
    assert "NaN" not in label_bytes(b'{"text": ""}', "in.jsonl", detail=True).text


_plain = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
_json = (
    _plain
    | st.lists(_plain, max_size=3)
    | st.dictionaries(st.text(max_size=4), st.lists(_plain, max_size=2), max_size=3)
)
_objects = st.dictionaries(
    st.sampled_from(["text", "id", *OUTPUT_COLUMNS]) | st.text(max_size=4), _json
)
_written = st.builds(
    lambda found, space, ascii_only: json.dumps(
        found, ensure_ascii=ascii_only, separators=(space + "," + space, space + ":" + space)
    ),
    _objects,
    st.sampled_from(["", " ", "  "]),
    st.booleans(),
)


@given(st.lists(_written, max_size=5))
@settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_for_every_object_all_members_but_the_added_come_back(model, tmp_path, lines):
    lines = ['{"text": "a"}', *lines]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    label_file(model, str(source), str(target), ReadOptions(text=("text",)), overwrite=True)
    found = target.read_bytes().decode().split("\n")
    assert len(found) == len(lines)
    for given_line, line in zip(lines, found, strict=True):
        before, after = json.loads(given_line), json.loads(line)
        assert list(after)[-4:] == list(OUTPUT_COLUMNS)
        if before.keys().isdisjoint(OUTPUT_COLUMNS):
            assert line.startswith(given_line[:-1])
        for name in OUTPUT_COLUMNS:
            before.pop(name, None)
            after.pop(name)
        assert list(before.items()) == list(after.items())
