"""Which columns hold the text."""

import pytest

from kpoclf.errors import InputError
from kpoclf.tables.columns import find_column, text_columns


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["id", "text"], [1]),
        (["description", "title"], [1, 0]),
        (["Job Title", "Job-Description "], [0, 1]),
        (["job_title", "title", "BODY"], [0, 2]),
        (["task", "summary"], [0]),
        (["TEXT"], [0]),
    ],
)
def test_the_usual_column_is_found_and_a_title_goes_in_front(columns, found):
    assert text_columns(columns, [], "a.csv") == found


def test_columns_asked_for_come_in_the_order_asked(request):
    assert text_columns(["a", "B", "text"], ["b", "a"], "a.csv") == [1, 0]


def test_an_exact_name_goes_before_one_in_another_case():
    assert find_column(["TEXT", "text"], "text", "a.csv", "--text") == 1


@pytest.mark.parametrize(
    ("columns", "asked", "message"),
    [
        ([], [], "a.csv: no columns: the file is empty"),
        (
            ["id", "job"],
            [],
            "a.csv: no column has a usual name for the text (text, description, job_description, "
            "task, body); name one with --text; columns: 'id', 'job'",
        ),
        (
            ["text", "id", "Body"],
            [],
            "a.csv: several columns could hold the text ('text', 'Body'); name one with --text; "
            "columns: 'text', 'id', 'Body'",
        ),
        (["title"], [], "a.csv: no column has a usual name"),
        (["text", "id", "text"], [], "a.csv: 2 columns are named 'text'; rename all but one"),
        (
            ["1", "Key forms"],
            [],
            "a.csv: no column has a usual name for the text (text, description, job_description, "
            "task, body); if it has no header, write one above it; name one with --text; columns: ",
        ),
        (
            ["Key the forms by noon"],
            [],
            "a.csv: no column has a usual name for the text (text, "
            "description, job_description, task, body); if it has no header, write one above it;",
        ),
        (["a", "b"], ["c"], "a.csv: no column 'c' (--text); columns: 'a', 'b'"),
        (["a", "a"], ["a"], "a.csv: 2 columns are named 'a'; rename all but one"),
        (["A", "a "], ["_a"], "a.csv: 2 columns are named '_a'; rename all but one"),
    ],
)
def test_what_cannot_be_told_is_one_line_that_lists_the_columns(columns, asked, message):
    with pytest.raises(InputError) as error:
        text_columns(columns, asked, "a.csv")
    assert str(error.value).startswith(message)


def test_of_a_long_name_the_beginning_is_told():
    with pytest.raises(InputError, match=r"columns: 'x{59}…'$"):
        text_columns(["x" * 5000], [], "a.csv")


def test_of_many_columns_thirty_are_listed():
    with pytest.raises(InputError, match=r"'c29', …$"):
        text_columns([f"c{i}" for i in range(31)], [], "a.csv")
