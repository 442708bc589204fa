"""Each mutant differs from its file in one place, and can be run."""

import ast

import pytest

from tests.mutants.operators import count_mutants, mutant_of

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
    mutants = [mutant_of(TEXT, place) for place in range(count_mutants(TEXT))]
    assert {mutant.change for mutant in mutants} == CHANGES
    assert len(mutants) == len(CHANGES)
    sound = ast.unparse(ast.parse(TEXT)).split("\n")
    for mutant in mutants:
        lines = ast.unparse(ast.parse(mutant.text)).split("\n")
        assert sum(a != b for a, b in zip(sound, lines, strict=True)) == 1


@pytest.mark.parametrize("value", [True, 0, 0.5])
def test_numbers_and_truth_values(value: object) -> None:
    expected = not value if isinstance(value, bool) else value + 1  # type: ignore[operator]
    assert mutant_of(f"x = {value}", 0).text == f"x = {expected}"
