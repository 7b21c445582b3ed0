"""Protect the public names: what is promised exists, and nothing else is promised."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest

import daliz

PACKAGES = [
    "daliz",
    "daliz.tables",
    "daliz.graph",
    "daliz.routing",
    "daliz.emissions",
    "daliz.validation",
    "daliz.report",
    "daliz.paths",
    "daliz.studies",
    "daliz.calibration",
    "daliz.formats",
    "daliz.optimise",
    "daliz.ensemble",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_promised_names_exist(package: str) -> None:
    """Every name in __all__ can be had, and they stand in order without repeats."""
    module = importlib.import_module(package)
    assert [] == [name for name in module.__all__ if not hasattr(module, name)]
    assert sorted(set(module.__all__), key=str) == sorted(module.__all__)


@pytest.mark.parametrize("package", [p for p in PACKAGES if p != "daliz"])
def test_names_in_sight_are_promised(package: str) -> None:
    """A package shows no class or function that it does not promise, but for what loads its parts late."""
    module = importlib.import_module(package)
    seen = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type | types.FunctionType)
        and not name.startswith("_")
        and value.__module__.startswith("daliz")
        and value.__module__ != "daliz.lazy"
    }
    assert set() == seen - set(module.__all__)


def test_dir_lists_the_promised_names() -> None:
    """Completion shows the public names before they are imported."""
    assert set() == set(daliz.__all__) - set(dir(daliz))


def test_an_unknown_name_is_refused() -> None:
    """A name that daliz does not have raises AttributeError, as for any module."""
    with pytest.raises(AttributeError, match="module 'daliz' has no attribute 'rotues'"):
        _ = daliz.rotues


def test_importing_is_light() -> None:
    """`import daliz` loads neither numpy nor the command line."""
    code = (
        "import sys, daliz; print([m for m in ('numpy', 'scipy', 'pandas', 'typer', 'rich') if m in "
        "sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "[]" == done.stdout.strip()


def test_errors_form_one_tree() -> None:
    """All errors of Daliz descend from DalizError, and errors of data from DataError."""
    from daliz import errors

    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert [] == [e for e in kinds if not issubclass(e, errors.DalizError)]
    assert (True, True) == (
        issubclass(errors.CheckError, errors.DataError),
        issubclass(errors.FormulaError, errors.DataError),
    )


@pytest.mark.parametrize(
    "package",
    [
        "daliz.supplychain",
        "daliz.trade",
        "daliz.assignment",
        "daliz.paths",
        "daliz.studies",
        "daliz.calibration",
    ],
)
def test_lazy_packages_give_what_they_promise(package: str) -> None:
    """Every promised name of a package that loads its parts late can be had, and is not a module of the same name."""
    module = importlib.import_module(package)
    for name in module.__all__:
        assert not isinstance(getattr(module, name), types.ModuleType)


def test_without_the_extra_chains_say_what_they_need() -> None:
    """Where numba and highspy are not installed, a plan is refused with the way to get them, and duties still work."""
    code = (
        "import sys; sys.modules['numba'] = sys.modules['highspy'] = None\n"
        "import daliz\n"
        "network = daliz.open('eurasia', year=2024)\n"
        "assert daliz.tariff(network, 'us-2025-08', draws=0).totals()['change'] < 0\n"
        "try:\n    daliz.supply(network, 'uranium')\n"
        'except daliz.errors.ExtraError as error:\n    assert "daliz[assign]" in str(error)\n'
        "else:\n    raise SystemExit('no error')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
