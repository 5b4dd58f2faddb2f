"""`kith eval churn`: the published fits come out again, and silence is told as the report says."""

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from server.cli import app
from server.measuring import churn
from server.measuring.errors import MeasuringError


@pytest.fixture(scope="module")
def figures() -> dict[str, object]:
    try:
        path = churn.locate()
    except MeasuringError as missing:
        pytest.skip(str(missing))
    return churn.evaluate(churn.read(path))


def test_the_fit_is_the_published_one(figures: dict[str, object]) -> None:
    found = [figures[name] for name in ("r", "alpha", "a", "b")]
    assert found == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=0.0006)


def test_the_parents_fit_is_that_of_its_paper(figures: dict[str, object]) -> None:
    # Fader, Hardie and Lee (2005), table 2.
    found = [figures["compared"]["bgnbd"][name] for name in ("r", "alpha", "a", "b")]  # type: ignore[index]
    assert found == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.0006)


def test_risk_tells_who_stays_silent_and_the_parents_does_not(figures: dict[str, object]) -> None:
    assert figures["n"] == 2_357
    assert figures["auc"] == pytest.approx(0.687, abs=0.001)
    assert figures["auc_recency"] == pytest.approx(0.771, abs=0.001)
    assert figures["auc_forecast"] == pytest.approx(0.760, abs=0.001)
    assert figures["compared"]["bgnbd"]["auc"] < 0.5  # type: ignore[index]


def test_the_command_prints_the_same_as_json_and_as_a_table(figures: dict[str, object]) -> None:
    run = CliRunner().invoke(app, ["eval", "churn", "--json"])
    assert json.loads(run.stdout) == figures
    assert "auc_recency" in CliRunner().invoke(app, ["eval", "churn"]).stdout


def test_without_the_data_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(churn, "distribution", missing)
    run = CliRunner().invoke(app, ["eval", "churn"])
    assert run.exit_code == 1
    assert "pip install" in run.output


def test_purchases_of_one_day_are_one_and_those_after_the_first_half_only_tell_who_was_silent(tmp_path: Path) -> None:
    file = tmp_path / "purchases.txt"
    file.write_text(
        " 00004 0001 19970101  2   29.33\n 00004 0001 19970115  2   29.73\n 00004 0001 19970115  1   14.96\n"
        " 00004 0001 19971212  2   26.48\n 00021 0002 19970923  3   63.34\n"
    )
    customers = churn.read(file)
    assert customers.x.tolist() == [1, 0]
    assert customers.t_x.tolist() == [2, 0]
    assert customers.T.tolist() == [272 / 7, 1]
    assert customers.silent.tolist() == [False, True]


def test_a_malformed_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "purchases.txt"
    file.write_text(" 00004 0001 19970101  2   29.33\n 00004 0001 someday  2   29.73\n")
    with pytest.raises(MeasuringError, match=r"purchases\.txt:2"):
        churn.read(file)


def test_auc_is_the_chance_of_the_right_order_with_ties_as_halves() -> None:
    silent = np.array([False, False, True, True])
    assert churn.auc([1, 2, 3, 4], silent) == 1
    assert churn.auc([4, 3, 2, 1], silent) == 0
    assert churn.auc([1, 1, 1, 1], silent) == 0.5
    assert churn.auc([1, 2, 2, 3], silent) == 0.875
