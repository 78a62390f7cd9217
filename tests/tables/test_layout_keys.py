"""An error about a key of a layout says which keys there are, and where a key belongs."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from support.records import write_layout

from srbench.errors import FileError, SrbenchError
from srbench.tables.committed import open_table
from srbench.tables.layout import Group, Layout, TimeGate, TrainGate
from srbench.tables.layout_keys import CHOSEN, Sections

HEAD = 'caption = "T"\ncolumns = ["params"]\n'
GROUP = '[[rows]]\nmodels = ["resnet18"]\n'
TIME = '[time]\nspecs = ["resnet18"]\n'


def errors(folder: Path, text: str) -> list[FileError]:
    with pytest.raises(SrbenchError) as raised:
        open_table(write_layout(folder, text))
    return list(raised.value.errors)


def keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


WHOLE = f"the keys are {keys(Layout)}"
ROWS = f"the keys of [[rows]] are {keys(Group)}"
OF_TIME = f"the keys of [time] are {keys(TimeGate)}"
OF_TRAIN = f"the keys of [train] are {keys(TrainGate)}"
SECTIONS = "the sections are [names], [heads], [decimals], [uncounted], [[rows]], [time], [train]; "
ABOVE = "write key = value, line by line, below its heading in brackets"

CASES = {
    "an unknown key": (
        f"captoin = 1\n{HEAD}{GROUP}",
        "1: unknown key captoin",
        f"did you mean caption? {WHOLE}",
    ),
    "an unknown key like no other": (
        f"zzz = 1\n{HEAD}{GROUP}",
        "1: unknown key zzz",
        WHOLE,
    ),
    "an unknown key in a group": (
        f"{HEAD}{GROUP}variant = []\n",
        "5: unknown key variant in the 1st [[rows]]",
        f"did you mean variants? {ROWS}",
    ),
    "an unknown key in capitals": (
        f"{HEAD}{GROUP}{TIME}TOLERANCE = 0.1\n",
        "7: unknown key TOLERANCE in [time]",
        f"did you mean tolerance? {OF_TIME}",
    ),
    "a missing key": (
        f'caption = "T"\n{GROUP}',
        "None: columns is missing",
        f"add it; {WHOLE}",
    ),
    "a missing key in a section": (
        f"{HEAD}{GROUP}[train]\nseeds = 3\n",
        "5: data in [train] is missing",
        f"add it; {OF_TRAIN}",
    ),
    "a wrong type": (
        f'{HEAD}rank = "no"\n{GROUP}',
        "3: rank must be true or false",
        f"write one of these two words, without quotes; {WHOLE}",
    ),
    "a wrong type in a section": (
        f'{HEAD}{GROUP}{TIME}tolerance = "5 %"\n',
        "7: tolerance in [time] must be a number",
        f"write it in digits, such as 0.05; {OF_TIME}",
    ),
    "a wrong type in a section of the author's keys": (
        f'{HEAD}{GROUP}[decimals]\nparams = "2"\n',
        "6: params in [decimals] must be a whole number",
        "write its digits alone, such as 224; the keys of [decimals] are names of columns",
    ),
    "a wrong type in a section in a section": (
        f'{HEAD}{GROUP}{TIME}tolerances = {{ resnet18 = "5" }}\n',
        "7: resnet18 in tolerances in [time] must be a number",
        "write it in digits, such as 0.05; "
        "the keys of [time.tolerances] are specs and callables that are timed",
    ),
    "a key of [time] at the top": (
        f"{HEAD}tolerance = 0.1\n{GROUP}",
        "3: unknown key tolerance",
        f"it belongs under [time]; {WHOLE}",
    ),
    "a key of two sections at the top": (
        f"{HEAD}input_size = 64\n{GROUP}",
        "3: unknown key input_size",
        f"it belongs under [[rows]] or under [time]; {WHOLE}",
    ),
    "a key of the whole below a heading": (
        f'columns = ["params"]\n{GROUP}caption = "T"\n',
        "4: unknown key caption in the 1st [[rows]]",
        f"it belongs at the top, above the first section; {ROWS}",
    ),
    "a misspelt key of another section": (
        f"{HEAD}tolerence = 0.1\n{GROUP}",
        "3: unknown key tolerence",
        f"did you mean tolerance, under [time]? {WHOLE}",
    ),
    "a section in a group": (
        f'{HEAD}{GROUP}[rows.time]\nspecs = ["resnet18"]\n',
        "5: unknown key time in the 1st [[rows]]",
        f"it belongs at the top level, as [time]; {ROWS}",
    ),
    "a misspelt section": (
        f'{HEAD}{GROUP}[tiem]\nspecs = ["resnet18"]\n',
        "5: unknown section [tiem]",
        f"did you mean [time]? {SECTIONS}{WHOLE}",
    ),
    "a misspelt list of sections": (
        f'{HEAD}[[row]]\nmodels = ["resnet18"]\n',
        "3: unknown section [[row]]",
        f"did you mean [[rows]]? {SECTIONS}{WHOLE}",
    ),
    "single brackets": (
        HEAD + '[rows]\nmodels = ["resnet18"]\n',
        "3: rows must be a list",
        "write [[rows]], in double brackets, above each group, and below it key = value; " + ROWS,
    ),
    "double brackets": (
        f'{HEAD}{GROUP}[[time]]\nspecs = ["resnet18"]\n',
        "5: time must be a table",
        f"write [time], in single brackets, once, and below it key = value; {OF_TIME}",
    ),
    "a section that is a value": (
        f"{HEAD}names = 3\n{GROUP}",
        "3: names must be a table",
        "write [names], in single brackets, once, and below it key = value; "
        'the keys of [names] are specs of rows, and blocks such as "+se"',
    ),
    "a group that is a value": (
        f"{HEAD}rows = [3]\n",
        "3: the 1st [[rows]] must be a table",
        "write [[rows]], in double brackets, above each group, and below it key = value; " + ROWS,
    ),
    "an unknown column": (
        f'caption = "T"\ncolumns = ["parms"]\n{GROUP}',
        "2: the 1st of columns: unknown column 'parms'",
        "did you mean params? `srbench table --columns help` lists the columns",
    ),
    "an empty file": (
        "",
        "None: it has no keys",
        "`srbench init` writes a layout; it needs caption, columns and [[rows]]",
    ),
    "a file of comments": (
        "# later\n",
        "None: it has no keys",
        "`srbench init` writes a layout; it needs caption, columns and [[rows]]",
    ),
}


@pytest.mark.parametrize(("text", "said", "hint"), CASES.values(), ids=CASES.keys())
def test_an_error_about_a_key_says_what_keys_there_are(
    text: str, said: str, hint: str, tmp_path: Path
) -> None:
    (error,) = errors(tmp_path, text)
    assert f"{error.line}: {error.what}" == said
    assert error.hint == hint
    assert "\n" not in error.message + error.hint


def test_every_section_of_a_layout_is_known_with_its_keys() -> None:
    found = {path: one.keys for path, one in Sections(Layout)._all.items()}
    assert found.pop(()) == (*Layout.model_fields,)
    assert found.pop(("rows",)) == (*Group.model_fields,)
    assert found.pop(("time",)) == (*TimeGate.model_fields,)
    assert found.pop(("train",)) == (*TrainGate.model_fields,)
    assert found == dict.fromkeys(CHOSEN, ())
