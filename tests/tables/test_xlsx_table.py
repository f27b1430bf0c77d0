"""XLSX: the workbook is edited in place."""

import datetime
import io
import re
import warnings
import zipfile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from kpoclf.errors import InputError
from kpoclf.tables.columns import OUTPUT_COLUMNS

KEY = "Key invoice numbers from scanned forms"


def saved(book):
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def book_of(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def load(content, **how):
    return openpyxl.load_workbook(io.BytesIO(content), rich_text=True, **how)


def patched(content, changes, new=()):
    """The workbook with parts run through functions, and new parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as archive:
        for name in old.namelist():
            part = old.read(name)
            changed = changes.get(name, lambda same: same)(part)
            assert name not in changes or changed != part
            archive.writestr(name, changed)
        for name, part in new:
            archive.writestr(name, part)
    return out.getvalue()


def calculated(content, **results):
    """The workbook as Excel saves it: formulas with their results."""

    def change(sheet):
        for place, result in results.items():
            kind = b"" if isinstance(result, int | float) else b' t="str"'
            sheet, n = re.subn(
                rb'<c r="%s"([^>]*)>(<f>.*?</f>)<v ?/?>(?:</v>)?' % place.encode(),
                rb'<c r="%s"\1%s>\2<v>%s</v>' % (place.encode(), kind, str(result).encode()),
                sheet,
            )
            assert n == 1
        return sheet

    return patched(content, {"xl/worksheets/sheet1.xml": change})


def rows(content, sheet=None):
    book = load(content)
    found = book[sheet] if sheet else book.worksheets[0]
    return [list(row) for row in found.iter_rows(values_only=True)]


@pytest.fixture
def cells(values):
    def call(text):
        label, confidence, status, service = values(text)
        return [label, float(confidence), status, service or None]

    return call


@pytest.fixture
def label_book(label_bytes):
    return lambda content, **how: label_bytes(
        content if isinstance(content, bytes) else saved(content), "in.xlsx", **how
    )


@pytest.fixture
def refused_book(refused):
    return lambda content, **how: refused(
        content if isinstance(content, bytes) else saved(content), "in.xlsx", **how
    )


def test_each_row_is_followed_by_its_values(label_book, cells):
    found = label_book(book_of(["id", "Title", "Description"], [7, "Clerk", KEY], [8, None, "b"]))
    assert rows(found.content) == [
        ["id", "Title", "Description", *OUTPUT_COLUMNS],
        [7, "Clerk", KEY, *cells(f"Clerk\n{KEY}")],
        [8, None, "b", *cells("b")],
    ]
    assert found.summary.columns == ["Title", "Description"]


def test_detail_adds_its_columns(label_book):
    found = rows(label_book(book_of(["text"], [KEY]), detail=True).content)
    assert found[0][5:] == [
        "kpoclf_p_kpo",
        "kpoclf_p_in_scope",
        "kpoclf_review_score",
        "kpoclf_services",
        "kpoclf_kpo_share",
        "kpoclf_criteria",
        "kpoclf_reasons",
    ]
    assert all(0 <= p <= 1 for p in found[1][5:7])


def test_an_empty_row_is_an_empty_text_as_in_csv_but_none_below_the_last_value(
    label_book, label_bytes, cells
):
    book = book_of(["text", "n"], ["a", 1], [None, None], [None, 2])
    book.active["A9"].number_format = "0.00"
    found = label_book(book)
    assert found.summary.rows == label_bytes(b"text,n\na,1\n,\n,2\n").summary.rows == 3
    assert rows(found.content)[2] == [None, None, *cells("")]


def test_a_stray_value_far_below_makes_no_rows_of_the_gap_before_it(label_book):
    book = book_of(["text"], ["a"])
    book.active["A1003"] = book.active["A2005"] = "b"
    assert label_book(book).summary.rows == 1002 + 1


def test_everything_else_in_the_workbook_stays(label_book):
    book = book_of(["text", "n", "when"], [KEY, 1.5, datetime.datetime(2026, 1, 2, 3, 4)])
    sheet = book.active
    sheet.title = "Jobs"
    sheet.append(["=A2", "=SUM(B2:B2)", "0012"])
    sheet["A5"] = CellRichText("Key ", TextBlock(InlineFont(b=True), "the forms"))
    sheet["C5"] = "=1+1"
    sheet["C5"].data_type = "s"  # a text that looks like a formula
    sheet["B2"].number_format = "0.000 €"
    sheet["A2"].font = Font(italic=True, color="FF112233")
    sheet["B2"].comment = Comment("look", "me")
    sheet["A2"].hyperlink = "https://example.org/"
    sheet.column_dimensions["A"].width = 71
    sheet.row_dimensions[2].height = 33
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = "A1:C5"
    sheet.conditional_formatting.add(
        "B2:B9", CellIsRule("greaterThan", ["1"], fill=PatternFill(bgColor="FFFF0000"))
    )
    choice = DataValidation("list", '"a,b"')
    choice.add("C2:C9")
    sheet.add_data_validation(choice)
    other = book.create_sheet("Sums")
    other["B7"] = "=Jobs!B2*2"
    other.merge_cells("D1:E2")
    other.sheet_state = "hidden"
    book.defined_names["rate"] = DefinedName("rate", attr_text="Sums!$B$7")
    before = calculated(saved(book), A3=KEY, B3=1.5)

    found = load(label_book(before).content)
    original = load(before)
    assert found.sheetnames == ["Jobs", "Sums"]
    for old in original.worksheets:
        new = found[old.title]
        for row in old.iter_rows():
            for cell in row:
                same = new[cell.coordinate]
                assert (str(same.value), same.data_type) == (str(cell.value), cell.data_type)
                assert same.number_format == cell.number_format
                assert (repr(same.font), repr(same.fill)) == (repr(cell.font), repr(cell.fill))
    new = found["Jobs"]
    assert isinstance(new["A5"].value, CellRichText)
    assert new["C5"].data_type == "s"
    assert new["B2"].comment.text == "look"
    assert new["A2"].hyperlink.target == "https://example.org/"
    assert (new.column_dimensions["A"].width, new.row_dimensions[2].height) == (71, 33)
    assert (new.freeze_panes, new.auto_filter.ref) == ("B2", "A1:C5")
    assert [str(c.sqref) for c in new.conditional_formatting] == ["B2:B9"]
    assert [str(c.sqref) for c in new.data_validations.dataValidation] == ["C2:C9"]
    assert [str(m) for m in found["Sums"].merged_cells.ranges] == ["D1:E2"]
    assert found["Sums"].sheet_state == "hidden"
    assert found.defined_names["rate"].attr_text == "Sums!$B$7"


def test_an_excel_table_stays(label_book):
    book = book_of(["text", "n"], [KEY, 1])
    book.active.add_table(Table(displayName="Jobs", ref="A1:B2"))
    assert load(label_book(book).content).active.tables["Jobs"].ref == "A1:B2"


def test_the_added_header_looks_like_the_last_one(label_book):
    book = book_of(["id", "text"], [1, KEY])
    book.active["B1"].font = Font(bold=True, color="FF00AA00")
    book.active["B1"].fill = PatternFill("solid", fgColor="FFEEEEEE")
    sheet = load(label_book(book).content).active
    for place in ("C1", "D1", "E1", "F1"):
        assert repr(sheet[place].font) == repr(sheet["B1"].font)
        assert repr(sheet[place].fill) == repr(sheet["B1"].fill)
    assert not sheet["C2"].font.b


def test_a_text_that_a_formula_makes_is_its_saved_value(label_book, cells):
    book = book_of(["id", "text"], [KEY, "=A2"], ["a", '=IF(A3="a","","b")'])
    found = rows(label_book(calculated(saved(book), B2=KEY, B3="")).content)
    assert found[1] == [KEY, "=A2", *cells(KEY)]
    assert found[2][2:] == cells("")


def test_a_text_of_a_formula_without_a_saved_value_is_told_with_its_cell(refused_book):
    told = refused_book(book_of(["text"], ["a"], ["=A2"]))
    assert told == (
        "in.xlsx, cell A3: a formula without a saved value; open the workbook in Excel and save it"
    )


def test_formulas_of_other_columns_need_no_saved_value(label_book, cells):
    found = rows(label_book(book_of(["text", "n"], [KEY, "=1+1"])).content)
    assert found[1] == [KEY, "=1+1", *cells(KEY)]


def test_that_results_of_formulas_are_not_kept_is_noted(label_book):
    book = book_of(["text"], [KEY])
    assert label_book(book).summary.notes == []
    book.create_sheet("Sums")["A1"] = "=1+1"
    (note,) = label_book(book).summary.notes
    assert note.endswith(
        "in.xlsx: its formulas are kept, their results are not: Excel fills them in when the output "
        "is opened"
    )


@pytest.mark.parametrize("value", [12, 1.5, True, datetime.date(2026, 1, 2)])
def test_a_text_that_is_no_text_is_read_as_it_would_be_written(label_book, value):
    assert label_book(book_of(["text"], [value])).summary.rows == 1


def test_the_sheet_with_a_text_column_is_the_one(label_book, refused_book, cells):
    book = book_of(["sum"], [1])
    for name in ("Jobs", "More"):
        book.create_sheet(name).append(["text"] if name == "Jobs" else ["body"])
        book[name].append([KEY])
    told = refused_book(book)
    assert told == (
        "in.xlsx: several sheets have a text column; name one with --sheet: 'Jobs', 'More'"
    )
    found = label_book(book, sheet="More").content
    assert rows(found, "More")[1] == [KEY, *cells(KEY)]
    assert rows(found, "Jobs") == [["text"], [KEY]]
    del book["More"]
    assert rows(label_book(book).content, "Jobs")[1] == [KEY, *cells(KEY)]


def test_a_sheet_that_is_not_there_lists_the_sheets(refused_book):
    told = refused_book(book_of(["text"]), sheet="Jobs")
    assert told == "in.xlsx: no sheet 'Jobs' (--sheet); sheets: 'Sheet'"


def test_without_a_text_column_the_columns_of_the_first_sheet_are_listed(refused_book):
    assert refused_book(book_of(["a", "b"], [1, 2])).endswith("columns: 'a', 'b'")


def test_an_empty_workbook_and_a_header_alone(label_book, refused_book):
    assert "the file is empty" in refused_book(book_of())
    found = label_book(book_of(["text"]))
    assert rows(found.content) == [["text", *OUTPUT_COLUMNS]]
    assert found.summary.rows == 0


def test_an_output_column_is_a_clash_and_overwritten_in_its_place(label_book, refused_book, cells):
    book = book_of(["kpoclf_status", "text", "n"], ["mine", KEY, "=B2"], ["x", None, 1])
    assert "has a column 'kpoclf_status' already; pass --overwrite" in refused_book(book)
    found = rows(label_book(book, overwrite=True).content)
    label, confidence, status, service = cells(KEY)
    assert found[0] == [
        "kpoclf_status",
        "text",
        "n",
        "kpoclf_label",
        "kpoclf_confidence",
        "kpoclf_service",
    ]
    assert found[1] == [status, KEY, "=B2", label, confidence, service]
    assert found[2][0] == cells("")[2]


def test_labelling_what_was_labelled_changes_nothing(label_book):
    once = label_book(book_of(["text", "n"], [KEY, 1], [None, 2])).content
    assert rows(label_book(once, overwrite=True).content) == rows(once)


@pytest.mark.parametrize("area", ["B1:F1", "B2:F3", "A5:H5"])
def test_merged_cells_beside_the_table_are_passed_over(label_book, cells, area):
    book = book_of(["text", "n"], [KEY, None], ["b", None])
    book.active.merge_cells(area)
    sheet = load(label_book(book).content).active
    assert [str(m) for m in sheet.merged_cells.ranges] == [area]
    free = sheet.merged_cells.ranges.pop().max_col + 1
    assert [sheet.cell(2, free + i).value for i in range(4)] == cells(KEY)


def test_a_format_a_million_rows_below_costs_nothing(label_book):
    book = book_of(["text"], [KEY])
    book.active.cell(1_000_000, 200).font = Font(bold=True)
    found = label_book(book)
    assert found.summary.rows == 1
    assert len(found.content) < 50_000


def with_chart():
    book = book_of(["text", "n"], [KEY, 1])
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    book.active.add_chart(chart, "H2")
    return saved(book)


def test_a_chart_that_stays_is_no_obstacle(label_book):
    with zipfile.ZipFile(io.BytesIO(label_book(with_chart()).content)) as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("xl/charts/chartEx1.xml", "charts"),
        ("xl/media/image1.png", "images"),
        ("xl/pivotTables/pivotTable1.xml", "pivot tables"),
        ("xl/slicers/slicer1.xml", "slicers"),
        ("xl/embeddings/oleObject1.bin", "embedded objects"),
        ("xl/threadedComments/threadedComment1.xml", "threaded comments"),
        ("xl/ctrlProps/ctrlProp1.xml", "form controls"),
        ("xl/queryTables/queryTable1.xml", "queries"),
    ],
)
def test_a_workbook_that_would_lose_a_part_is_refused(refused_book, part, named):
    told = refused_book(patched(with_chart(), {}, [(part, "x")]))
    assert told == (
        f"in.xlsx: its {named} would be lost in writing; copy the sheet into a workbook of its "
        "own, or save it as CSV"
    )


def test_a_drawn_shape_that_would_be_lost_is_refused(refused_book):
    shape = (
        b"<oneCellAnchor><from><col>1</col><colOff>0</colOff><row>1</row><rowOff>0</rowOff></from>"
        b'<ext cx="1" cy="1"/><sp><nvSpPr><cNvPr id="9" name="Box"/><cNvSpPr/></nvSpPr><spPr/></sp>'
        b"<clientData/></oneCellAnchor></wsDr>"
    )
    content = patched(
        with_chart(), {"xl/drawings/drawing1.xml": lambda x: x.replace(b"</wsDr>", shape)}
    )
    assert "its shapes would be lost" in refused_book(content)


@pytest.mark.parametrize(
    ("uri", "lost"),
    [
        ("{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}", "data validation extension"),
        ("{78C0D931-6437-407D-A8EE-F0AAD7539E65}", "conditional formatting extension"),
        ("{05C60535-1F16-4FD2-B633-F4F36F0B64E0}", "sparkline group extension"),
        ("{01252117-D84E-4E92-8308-4BE1C098FCBB}", None),
        ("{00000000-0000-0000-0000-000000000000}", None),
    ],
)
def test_what_newer_versions_of_excel_put_on_a_sheet_is_not_lost_silently(
    label_book, refused_book, uri, lost
):
    extension = f'<extLst><ext uri="{uri}"/></extLst></worksheet>'.encode()
    content = patched(
        saved(book_of(["text"], [KEY])),
        {"xl/worksheets/sheet1.xml": lambda x: x.replace(b"</worksheet>", extension)},
    )
    if lost:
        assert f"its {lost} would be lost in writing" in refused_book(content)
    else:
        assert label_book(content).summary.rows == 1


def test_a_date_that_would_become_an_error_is_refused_with_its_cell(refused_book):
    book = book_of(["text", "when"], [KEY, 3.5e7])
    book.active["B2"].number_format = "yyyy-mm-dd"
    assert "cell B2: a number that no date can show would be lost" in refused_book(book)


def test_a_workbook_without_styles_is_read_without_a_warning(label_book):
    content = patched(
        saved(book_of(["text"], [KEY])),
        {"xl/styles.xml": lambda _: b'<styleSheet xmlns="http://none"/>'},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert label_book(content).summary.rows == 1


GOOD = saved(book_of(["text"], [KEY]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text,id\n",
        GOOD[: len(GOOD) // 2],
        GOOD[:60] + bytes(b ^ 0x55 for b in GOOD[60:400]) + GOOD[400:],
        bytes.fromhex("D0CF11E0A1B11AE1") + bytes(2000),  # with a password, or an old .xls
        patched(GOOD, {"xl/worksheets/sheet1.xml": lambda x: x[:200]}),
        patched(GOOD, {"xl/workbook.xml": lambda x: b"<a>"}),
        patched(GOOD, {"[Content_Types].xml": lambda x: b"<a/>"}),
    ],
)
def test_a_file_that_is_no_workbook_is_one_line(refused_book, content):
    assert refused_book(content).startswith("in.xlsx: not a readable XLSX workbook (or protected")


def test_a_workbook_within_gzip_is_read_and_written(label_bytes, cells):
    import gzip

    found = label_bytes(gzip.compress(GOOD), "in.xlsx.gz").content
    assert rows(gzip.decompress(found))[1] == [KEY, *cells(KEY)]


@pytest.mark.parametrize("names", [("a.xlsm", "b.xlsx"), ("a.xlsx", "b.xlsm")])
def test_macros_neither_come_nor_go(refused, names):
    told = refused(GOOD, names[0], to=names[1])
    assert "a workbook with macros ends in .xlsm, one without in .xlsx" in told


def test_macros_stay(label_bytes):
    content = patched(GOOD, {}, [("xl/vbaProject.bin", b"macro")])
    found = label_bytes(content, "a.xlsm", "b.xlsm").content
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        assert archive.read("xl/vbaProject.bin") == b"macro"


def test_without_openpyxl_the_extra_is_named(label_book, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"xlsx: openpyxl is missing: pip install 'openpyxl>"):
        label_book(GOOD)


def test_a_workbook_cannot_go_to_standard_output(model, tmp_path):
    from kpoclf.tables.label_file import label_file

    path = tmp_path / "a.xlsx"
    path.write_bytes(GOOD)
    with pytest.raises(InputError, match="cannot go to standard output; name a file with -o"):
        label_file(model, str(path), None)
