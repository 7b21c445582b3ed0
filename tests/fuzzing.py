"""Judge what comes of an input: an answer, a refusal, or what may not be; and compare two answers."""

from __future__ import annotations

import math
import re
import signal
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from daliz.errors import DalizError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWER, REFUSAL, TRACEBACK, HANG = "answer", "refusal", "traceback", "hang"
SECONDS = 10
LONGEST_SENTENCE = 400
DIGITS = 1e-9
UNKNOWN = re.compile(
    r".*(price_usd|_low|_high)|\.unmet_share|\.(contracts|limits)\.most|\.tables\.(days|usd_t)|\.markets\.cost_usd|\.lines\.over_quota"
)
"""Where NaN stands for a figure of nothing, or infinity for no bound; printing leaves both blank."""
LEFT_OUT = {"inputs_sha256", "digest", "certificate"}
"""Keys that tell of the files themselves, or of the way to an answer."""


class HangError(BaseException):
    """What took over the seconds allowed."""


class Outcome(NamedTuple):
    """What came of an input: its kind; the answer, or the words of the error; and where a traceback began."""

    kind: str
    told: Any
    where: str = ""


def outcome(ask: Callable[[], Any], seconds: float = SECONDS) -> Outcome:
    """Ask, and tell what came of it; a warning of numpy is as bad as a traceback."""
    try:
        with alarm(seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            return Outcome(ANSWER, ask())
    except HangError:
        return Outcome(HANG, f"over {seconds} s")
    except DalizError as error:
        return Outcome(REFUSAL, str(error))
    except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
        last = [f for f in traceback.extract_tb(error.__traceback__) if "daliz" in f.filename][-1:]
        where = f"{last[0].filename.split('daliz/')[-1]}:{last[0].lineno}" if last else ""
        return Outcome(TRACEBACK, f"{type(error).__name__}: {error}"[:300], where)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """End what takes longer."""

    def ring(*_: object) -> None:
        raise HangError

    old = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def not_finite(value: Any, path: str = "") -> Iterator[str]:
    """Find the places of an answer where a number is not finite."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (isinstance(inner, float) and UNKNOWN.fullmatch(f"{path}.{key}")):
                yield from not_finite(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from not_finite(inner, path)
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path} is {value}"


def plain(text: str) -> str:
    """Leave out of a sentence what tells of the order of rows: the number of a line or a row, and how many more."""
    return re.sub(r"\b(line|number|row number) \d+|\(\d+ more[^)]*\)", r"\1", text)


def difference(a: Any, b: Any, digits: float = DIGITS, path: str = "") -> str:
    """Tell where two answers differ, by more than some digits of a figure; nothing where they do not.

    Rows that are told in the order of the tables are compared as sets; itineraries are ranked, so their order counts.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) != set(b):
            return f"{path} has other keys"
        told = (difference(a[k], b[k], digits, f"{path}.{k}") for k in a if k not in LEFT_OUT)
        return next(filter(None, told), "")
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"{path} has {len(a)} and {len(b)} rows"
        if not path.endswith(("itineraries", "legs")):
            a, b = sorted(a, key=_texts), sorted(b, key=_texts)
        return next(filter(None, (difference(x, y, digits, path) for x, y in zip(a, b, strict=True))), "")
    if isinstance(a, float | int) and isinstance(b, float | int):
        same = a == b or (a != a and b != b) or abs(a - b) <= digits * max(abs(a), abs(b), 1.0)  # noqa: PLR0124
        return "" if same else f"{path} is {a!r} and {b!r}"
    return "" if a == b else f"{path} is {str(a)[:200]!r} and {str(b)[:200]!r}"


def _texts(row: Any) -> tuple[list[str], list[float]]:
    """Order rows by their texts, then by their figures to some digits."""
    if isinstance(row, dict):
        texts = [str(v) for v in row.values() if not isinstance(v, float | int | dict | list)]
        return texts, [float(f"{v:.6g}") for v in row.values() if isinstance(v, float) and v == v]  # noqa: PLR0124
    return [str(row)], []


def fault_of_sentence(text: str) -> str:  # noqa: PLR0911 - one for each fault
    """Tell what is wrong with the words of a refusal; nothing where they are as they should be."""
    bad = [
        word
        for word in ("Traceback", " object at 0x", "<class", "dtype", "array(", "np.float")
        if word in text
    ]
    if bad:
        return f"shows {bad[0]}"
    if not text.rstrip().endswith((".", "?")):
        return "does not end with a full stop"
    if len(text) > LONGEST_SENTENCE:
        return f"has {len(text)} characters"
    if re.search(r"\S  \S|\(\)", re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "Q", text)):
        return "leaves a word out"
    if "\n" in text.strip():
        return "has several lines"
    if len(text.split()) < 5 or (
        len(text.split()) < 10
        and not re.search(r"['\"\d_./]|[a-z]-[a-z]|\s[A-Z]|table|--|^[^A-Z]", text[:-1])
    ):
        return "names nothing"
    if re.search(r"\bNone\b|\bnan\b|\{\}|\[\]", re.sub(r"'[^']*'|`[^`]*`|write None", "", text)):
        return "shows a value of the program"
    return ""


def template(text: str) -> str:
    """Reduce a sentence to its form: names, numbers and quotes become one mark each."""
    text = re.sub(r"(/[\w.-]+)+", "PATH", text)
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "Q", text)
    text = re.sub(r"\bDid you mean [^?]*\?", "HINT", text)
    text = re.sub(r"row \S+|column \S+|[\w*]+(\.[\w*-]+)+|\b\w+-[\w-]+", "N", text)
    return re.sub(r"[\d][\d,.]*", "0", text)[:160]
