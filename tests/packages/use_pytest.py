import os
import pathlib
import tempfile

# Hypothesis has a plug-in, which would be loaded with it.
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import pytest

TESTS = """
import pytest

@pytest.fixture
def number(tmp_path):
    (tmp_path / "f").write_text("4")
    return int((tmp_path / "f").read_text())

@pytest.mark.parametrize("n", [1, 2])
def test_good(number, n):
    assert number == 4 and n

def test_raises(capsys):
    with pytest.raises(ValueError, match="x"):
        raise ValueError("x")
    print("out")
    assert capsys.readouterr().out == "out\\n"

def test_bad():
    assert [1, 2] == [1, 3], "told"

@pytest.mark.skip
def test_skipped():
    pass
"""


class Count:
    def __init__(self):
        self.outcomes = []

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.skipped:
            self.outcomes.append(report.outcome)
        if report.failed:
            self.text = report.longreprtext


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "test_it.py")
    path.write_text(TESTS)
    count = Count()
    status = pytest.main(["-q", "-p", "no:cacheprovider", str(path)], plugins=[count])
assert status == 1 and count.outcomes == ["passed"] * 3 + ["failed", "skipped"], (status, count.outcomes)
# The assertion was rewritten.
assert "At index 1 diff: 2 != 3" in count.text, count.text
