"""Starting the operator with settings that are wrong."""

import pytest

from seatrial.controller import __main__ as program


def test_a_wrong_setting_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEATRIAL_RUNTIME_IMAGE", raising=False)
    assert program.main() == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert said.err.startswith("SEATRIAL_RUNTIME_IMAGE is not set")
