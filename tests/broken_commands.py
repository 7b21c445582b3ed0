"""Make up command lines: verbs with options and values that fit or do not."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING, Any, NamedTuple

from broken import CASES, Package, whole_package

if TYPE_CHECKING:
    from pathlib import Path

BASES = ("tiny", "new", *CASES, "corridor-mini")
VERBS = {
    "routes": 30, "why": 10, "places": 6, "changes": 6, "check": 6, "assign": 10, "supply": 6, "tariff": 5, "matrix": 3,
    "new": 3, "upgrade": 3, "validate": 1, "calibrate": 1, "nothing": 1, "--version": 1,
}  # fmt: skip
SLOW = {
    "--draws",
    "--each",
    "--cut",
    "--traffic",
    "--chart",
    "--map",
    "--diagram",
    "--balance",
    "--ranges",
    "--threads",
}
"""Options that take long, or draw: they are chosen seldom."""
VALUES = (
    "", " ", "x", "-1", "0", "1", "2", "5", "2024", "2026", "1890", "1e400", "nan", "inf", "2024-11-15", "2024-13-01", "é", "🚂",
    "links.r1.length_km=300", "links.r1", "nodes", "a=b", "'", "links..x=1", "no/such/place", "/", ".", "--", "1,5", "9" * 25,
)  # fmt: skip


class Option(NamedTuple):
    """One option of a verb: its longest name, and whether it is a flag; how many values it takes."""

    name: str
    flag: bool
    count: int


@functools.cache
def options() -> dict[str, tuple[Option, ...]]:
    """List the options of every verb, from the program itself."""
    import typer

    from daliz.cli.app import app

    group: Any = typer.main.get_command(app)
    return {
        verb: tuple(
            Option(max(p.opts, key=len), bool(p.is_flag), p.nargs)
            for p in command.params
            if p.param_type_name == "option" and "--help" not in p.opts
        )
        for verb, command in group.commands.items()
    }


def command_line(number: int, folders: dict[str, Path]) -> list[str]:
    """Make the command line of a number, over the whole packages in some folders."""
    rng = random.Random(f"command {number}")  # noqa: S311 - cases are to be made again
    verb = rng.choices(list(VERBS), list(VERBS.values()))[0]
    base = rng.choice(BASES)
    package = whole_package(base)
    words = [verb, *_arguments(rng, verb, package, str(folders[base]))]
    known = options().get(verb, ())
    if any(o.name == "--network" for o in known) and rng.random() < 0.995:
        words += ["-n", str(folders[base]) if rng.random() < 0.95 else _value(rng, package)]
    some = [o for o in known if o.name != "--network" and (o.name not in SLOW or rng.random() < 0.02)]
    for option in rng.sample(some, min(len(some), rng.choice((0, 0, 1, 1, 2, 3)))):
        words.append(option.name)
        if not option.flag:
            words += [_option_value(rng, option.name, package) for _ in range(option.count)]
    if rng.random() < 0.03:
        words.insert(rng.randrange(len(words) + 1), rng.choice(("--nothing", "-q", _value(rng, package))))
    return words


def _arguments(rng: random.Random, verb: str, package: Package, folder: str) -> list[str]:
    nodes = package.ids("nodes")
    fit = {
        "routes": lambda: [rng.choice(nodes), rng.choice(nodes)],
        "why": lambda: [folder, _cell(rng, package)],
        "check": lambda: [folder],
        "supply": lambda: [rng.choice(package.ids("chains") or ["c"])],
        "tariff": lambda: [rng.choice([*package.ids("policies"), "story", "talks"])],
        "new": lambda: [rng.choice(("made", "made/inner", ".", "", "a\x01b"))],
        "upgrade": lambda: [rng.choice((folder, "none"))],
    }
    words = fit[verb]() if verb in fit else []
    return [w if rng.random() < 0.93 else _value(rng, package) for w in words]


def _cell(rng: random.Random, package: Package) -> str:
    table, column = rng.choice(
        (("links", "length_km"), ("links", "speed_km_h"), ("rates", "usd_per_km"), ("nodes", "lat"))
    )
    return f"{table}.{rng.choice(package.ids(table) or ['x'])}.{column}"


def _value(rng: random.Random, package: Package) -> str:
    if rng.random() < 0.5:
        return rng.choice(VALUES)
    table = rng.choice(("nodes", "links", "cargoes", "change_sets", "services", "chains"))
    return rng.choice(package.ids(table) or ["x"])


def _option_value(rng: random.Random, name: str, package: Package) -> str:
    if rng.random() < 0.35:
        return _value(rng, package)
    link = rng.choice(package.ids("links") or ["x"])
    fit = {
        "--cargo": package.ids("cargoes"),
        "--k": ["1", "3", "8"],
        "--month": ["1", "7", "12"],
        "--date": ["2024-11-15", "2024-02-29"],
        "--year": ["2024", "2024", "2026"],
        "--avoid": [f"link:{link}", "mode:road", "country:KZ"],
        "--via": package.ids("nodes"),
        "--draws": ["0", "100"],
        "--under": package.ids("change_sets"),
        "--without": package.ids("change_sets"),
        "--method": ["sue", "due", "so", "capacity"],
        "--set": [f"links.{link}.length_km=250"],
        "--multiply": [f"links.{link}.length_km=1.5"],
        "--close": [f"links.{link}"],
        "--gap": ["1e-4", "1e-6"],
        "--country": ["KZ", "XD"],
        "--demand": ["demand.csv", "none.csv"],
        "--out": ["out", "."],
        "--model": ["smart", "armington"],
        "--objective": ["cost", "profit"],
    }.get(name)
    return rng.choice(fit) if fit else _value(rng, package)
