"""Each mutant differs from its file in one place, and can be run."""

import ast
import os
from typing import Any

import numpy as np
import pytest

from tests.mutants.children import in_children
from tests.mutants.covered import put
from tests.mutants.operators import mutant_of, places

TEXT = '''
"""Words 1 < 2."""
@dataclass(frozen=True)
class A:
    x: Literal[3] = 4

def f(a, b: int = 5) -> int:
    if not a and b == 1:
        raise ValueError(a + 1)
    return -a * b ** 2, f"{a + b}"
'''
CHANGES = {
    "4 -> 5", "5 -> 6", "not a -> not not a", "not a and b == 1 -> not a or b == 1",
    "b == 1 -> b != 1", "1 -> 2", "-a -> +a", "-a * b ** 2 -> -a / b ** 2", "b ** 2 -> b * 2",
    "2 -> 3",
}  # fmt: skip


def test_what_can_be_changed() -> None:
    inside = places(TEXT)
    mutants = [mutant_of(TEXT, place) for place in range(len(inside))]
    assert {mutant.change for mutant in mutants} == CHANGES
    assert len(mutants) == len(CHANGES)
    sound = ast.unparse(ast.parse(TEXT)).split("\n")
    for mutant, (in_function, code) in zip(mutants, inside, strict=True):
        assert mutant.change.startswith(f"{code} -> ")
        assert mutant.line in mutant.statement
        assert in_function == (mutant.line > 7)
        lines = ast.unparse(mutant.tree).split("\n")
        assert sum(a != b for a, b in zip(sound, lines, strict=True)) == 1


@pytest.mark.parametrize("value", [True, 0, 0.5])
def test_numbers_and_truth_values(value: object) -> None:
    expected = not value if isinstance(value, bool) else value + 1  # type: ignore[operator]
    assert ast.unparse(mutant_of(f"x = {value}", 0).tree) == f"x = {expected}"


def test_any_length_below_0_is_the_one_that_is_left() -> None:
    """So the number of reshape(-1) is not changed; its sign is, and any other -1."""
    table = np.arange(6)
    assert table.reshape(-2, 3).tolist() == table.reshape(-1, 3).tolist()
    text = "x = y.reshape(-1, 3)[-1]"
    assert [mutant_of(text, k).change for k in range(len(places(text)))] == [
        "-1 -> +1", "3 -> 4", "-1 -> +1", "1 -> 2",
    ]  # fmt: skip


def test_a_changed_function_is_put_in_the_place_of_the_one_that_runs() -> None:
    text = "def below(a, b):\n    return a < b\n"
    names: dict[str, Any] = {}
    exec(compile(text, "below.py", "exec"), names)
    below = names["below"]
    assert below(1, 2)
    mutant = compile(mutant_of(text, 0).tree, "below.py", "exec")
    assert not below(1, 1)
    assert put(mutant, [below])
    assert below(1, 1)
    assert not put(mutant, [below])  # it has that code already


def test_each_job_is_done_by_a_process_of_its_own() -> None:
    def work(job: int) -> int:
        if job == 2:
            os._exit(1)
        return job * os.getpid()

    found = dict(in_children([1, 2, 3], work, 2))
    assert found[2] is None
    assert found[1] != os.getpid()
    assert isinstance(found[3], int)
    assert found[3] % 3 == 0
