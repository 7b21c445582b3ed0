"""An assignment problem as flat arrays, checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from daliz.errors import DemandError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


class Roots(NamedTuple):
    """Tree that each pair grows on, shape (pairs,), and the node and class of each tree, shapes (trees,)."""

    tree: Words
    node: Words
    group: Words


@dataclass(frozen=True)
class Problem:
    """Links, classes and demand of an equilibrium.

    Links are sorted by tail. The cost of link a for class c is delay_a(v_a) + fixed[c, a], all in one
    unit; a class that may not use a link has inf there. Volumes add up over classes in one unit
    (vehicles, TEU).

    Attributes
    ----------
    nodes
        Number of nodes; nodes below `first_through` may begin or end a path and not be passed.
    tail, head
        uint32 arrays of shape (links,).
    kind
        uint8 array of shape (links,): see `daliz.paths.kernels.delays`.
    form
        float64 array of shape (links, 4): time when empty, capacity, and the two parameters of the kind.
    fixed
        float64 array of shape (classes, links).
    origin, target, group
        uint32 arrays of shape (pairs,): nodes and class of each pair, sorted by (origin, class).
    demand
        float64 array of shape (pairs,).
    names
        Of links in the order of the user's file: int64 array `names[a]` is the row of link a there.
    rows
        The same for pairs.
    first_node, zones
        Number that the user's file gives the first node, and how many of the first nodes it calls zones.
    """

    nodes: int
    tail: Words
    head: Words
    kind: Bytes
    form: Floats
    fixed: Floats
    origin: Words
    target: Words
    group: Words
    demand: Floats
    first_through: int = 0
    names: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    first_node: int = 0
    zones: int = 0

    def node(self, n: int) -> str:
        """Name a node by the number of the user's file."""
        return f"{'zone' if n < self.zones else 'node'} {int(n) + self.first_node}"

    def link(self, a: int) -> str:
        """Name a link by its row in the user's file and its ends."""
        return f"Link {self.names[a] + 1} from {self.node(self.tail[a])} to {self.node(self.head[a])}"

    @property
    def start(self) -> Words:
        """Where the links of each node begin, shape (nodes + 1,)."""
        return np.searchsorted(self.tail, np.arange(self.nodes + 1)).astype(np.uint32)


def roots_of(problem: Problem) -> Roots:
    """Return the trees that the pairs of a problem need: one for each origin and class."""
    classes = len(problem.fixed)
    roots, tree = np.unique(problem.origin.astype(np.int64) * classes + problem.group, return_inverse=True)
    return Roots(
        tree.astype(np.uint32), (roots // classes).astype(np.uint32), (roots % classes).astype(np.uint32)
    )


def make_problem(
    nodes: int,
    ends: tuple[Sequence[int] | Ints | Words, Sequence[int] | Ints | Words],
    form: Sequence[Sequence[float]] | Floats,
    demand: Sequence[tuple[int, int, float]] | Floats,
    *,
    kind: Sequence[int] | Bytes | int = 0,
    fixed: Sequence[float] | Floats | None = None,
    group: Sequence[int] | Ints | None = None,
    first_through: int = 0,
) -> Problem:
    """Sort and check the parts of an assignment problem.

    Parameters
    ----------
    nodes
        Number of nodes.
    ends
        Tails and heads of the links, from 0.
    form
        Per link: time when empty, capacity, and two parameters of the kind of delay.
    demand
        Rows of origin, target and quantity.
    kind
        One kind of delay for all links or one each.
    fixed
        Fixed cost by link, or by class and link; none if left out.
    group
        Class of each row of demand; 0 if left out.
    first_through
        Nodes below this one cannot be passed.

    Raises
    ------
    DemandError
        A volume is negative or no number, a capacity is not positive, an end is no node.

    Examples
    --------
    >>> from daliz.assignment import make_problem
    >>> p = make_problem(2, ([0, 0], [1, 1]), [[1, 1, 0, 1], [0.5, 2, 1, 1]], [(0, 1, 1.0)])
    >>> p.demand
    array([1.])
    """
    tails, heads = (np.asarray(x, np.int64) for x in ends)
    forms = np.asarray(form, np.float64).reshape(len(tails), 4)
    kinds = np.broadcast_to(np.asarray(kind, np.uint8), tails.shape)
    asked = np.asarray(demand, np.float64).reshape(-1, 3)
    groups = np.zeros(len(asked), np.int64) if group is None else np.asarray(group, np.int64)
    tolls = np.zeros((1, len(tails))) if fixed is None else np.atleast_2d(np.asarray(fixed, np.float64))
    _check_links(nodes, tails, heads, forms, kinds, tolls)
    _check_demand(nodes, asked, groups, len(tolls))
    number = np.uint32
    links = tails.astype(number), heads.astype(number), kinds, forms, tolls
    origin, target = (asked[:, i].astype(number) for i in (0, 1))
    pairs = origin, target, groups.astype(number), asked[:, 2]
    return _sorted(Problem(nodes, *links, *pairs, first_through))


def _sorted(given: Problem) -> Problem:
    """Sort links by tail, and pairs by origin and class."""
    by_tail = np.argsort(given.tail, kind="stable")
    # a pair with no demand or with both ends in one place loads nothing
    moved = np.flatnonzero((given.demand > 0) & (given.origin != given.target))
    by_tree = moved[np.lexsort((given.target[moved], given.group[moved], given.origin[moved]))]
    return replace(
        given,
        tail=given.tail[by_tail],
        head=given.head[by_tail],
        kind=given.kind[by_tail],
        form=np.ascontiguousarray(given.form[by_tail]),
        fixed=np.ascontiguousarray(given.fixed[:, by_tail]),
        origin=given.origin[by_tree],
        target=given.target[by_tree],
        group=given.group[by_tree],
        demand=np.ascontiguousarray(given.demand[by_tree]),
        names=by_tail,
        rows=by_tree,
    )


def _check_links(nodes: int, tail: Ints, head: Ints, form: Floats, kind: Bytes, fixed: Floats) -> None:
    for name, ends in (("tail", tail), ("head", head)):
        bad = np.flatnonzero((ends < 0) | (ends >= nodes))
        if len(bad):
            raise DemandError(
                f"Link {bad[0] + 1}: its {name} is {ends[bad[0]]}, but nodes run from 0 to {nodes - 1}."
            )
    if fixed.shape[1] != len(tail):
        raise DemandError(f"Fixed costs are given for {fixed.shape[1]} links, but there are {len(tail)}.")
    bad = np.flatnonzero(
        ~np.isfinite(form).all(axis=1) | (form[:, 0] < 0) | (form[:, 2] < 0) | (form[:, 3] < 0)
    )
    if len(bad):
        raise DemandError(
            f"Link {bad[0] + 1}: its delay has the parameters {form[bad[0]].tolist()}; all must be "
            "numbers of 0 or more."
        )
    # a delay that does not grow needs no capacity
    still = (kind == 0) & ((form[:, 0] == 0) | (form[:, 2] == 0) | (form[:, 3] == 0))
    bad = np.flatnonzero((form[:, 1] < 0) | ((form[:, 1] == 0) & ~still))
    if len(bad):
        raise DemandError(
            f"Link {bad[0] + 1}: its capacity is {form[bad[0], 1]:g}; it must be more than 0 unless b, the power or "
            "the time when empty is 0. Leave a closed link out."
        )
    bad = np.flatnonzero((kind == 1) & (form[:, 3] <= 1))  # conical
    if len(bad):
        raise DemandError(
            f"Link {bad[0] + 1}: a conical delay needs an exponent above 1, not {form[bad[0], 3]:g}."
        )
    if np.isnan(fixed).any() or (fixed < 0).any():
        raise DemandError(
            "A fixed cost is negative or no number; 0, positive numbers and inf (closed to the "
            "class) are allowed."
        )


def _check_demand(nodes: int, demand: Floats, group: Ints, classes: int) -> None:
    bad = np.flatnonzero(~np.isfinite(demand[:, 2]) | (demand[:, 2] < 0))
    if len(bad):
        raise DemandError(
            f"Demand row {bad[0] + 1}: the volume is {demand[bad[0], 2]:g}; it must be a number of 0 or more."
        )
    ends = demand[:, :2]
    bad = np.flatnonzero((ends != np.floor(ends)).any(axis=1))
    if len(bad):
        raise DemandError(
            f"Demand row {bad[0] + 1} runs from {ends[bad[0], 0]:g} to {ends[bad[0], 1]:g}; nodes "
            "are whole numbers."
        )
    bad = np.flatnonzero((ends < 0).any(axis=1) | (ends >= nodes).any(axis=1))
    if len(bad):
        raise DemandError(
            f"Demand row {bad[0] + 1} runs from {ends[bad[0], 0]:g} to {ends[bad[0], 1]:g}, but "
            f"nodes run from 0 to {nodes - 1}."
        )
    bad = np.flatnonzero((group < 0) | (group >= classes))
    if len(bad):
        raise DemandError(
            f"Demand row {bad[0] + 1} is of class {group[bad[0]]}, but there are {classes} classes, from 0."
        )
