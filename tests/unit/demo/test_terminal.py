"""What the demo writes into a file can be searched line by line."""

import io

from tests.demo.report import summary
from tests.demo.terminal import open_console

SENTENCE = " ".join(["the candidate answers 3.0 % with errors and stable 1.0 %"] * 5)


def test_lines_are_whole_where_there_is_no_terminal() -> None:
    file = io.StringIO()
    console = open_console(file)
    console.print(SENTENCE)
    stage = {"name": "rolled back", "detail": SENTENCE, "seconds": 61.0, "weights": {"2": 0.9, "3": 0.1}}
    console.print(summary({"stages": [stage]}))
    lines = file.getvalue().splitlines()
    assert lines[0] == SENTENCE
    assert len([line for line in lines if SENTENCE in line]) == 2
    assert max(map(len, lines)) < 2 * len(SENTENCE), "no line is padded"
