"""Small changes of a file's meaning: one comparison, operator, number or truth value at a time."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
# What is not run, or is only words: annotations, decorators, texts in f-strings, raised messages.
_LEFT_OUT = {"annotation", "returns", "decorator_list", "type_params"}


@dataclass(frozen=True)
class Mutant:
    """A file's text with one change, which is on a line."""

    line: int
    change: str
    text: str


def count_mutants(text: str) -> int:
    """How many mutants a file has."""
    return sum(1 for _ in _sites(ast.parse(text)))


def mutant_of(text: str, place: int) -> Mutant:
    """The mutant of a number, from 0.

    >>> mutant_of("x = a < b", 0).change
    'a < b -> a <= b'
    """
    tree = ast.parse(text)
    node = list(_sites(tree))[place]
    before = ast.unparse(node)
    _change(node)
    return Mutant(
        node.lineno, f"{_short(before)} -> {_short(ast.unparse(node))}", ast.unparse(tree)
    )


def _short(code: str) -> str:
    return code if len(code) <= 60 else f"{code[:57]}..."


def _sites(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that can be changed."""
    for node in _walked(tree):
        if (
            (isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPPED)
            or (isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPPED)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub))
            or (isinstance(node, ast.Constant) and type(node.value) in (bool, int, float))
        ):
            yield node


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT or isinstance(value, ast.JoinedStr | ast.Raise):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.JoinedStr):
                yield from _walked(child)


def _change(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _SWAPPED[type(node.ops[0])]()  # type: ignore[call-overload]
    elif isinstance(node, ast.BinOp | ast.BoolOp):
        node.op = _SWAPPED[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if isinstance(node.op, ast.Not):  # not x becomes not not x: the truth of x
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        value = node.value
        node.value = not value if isinstance(value, bool) else value + 1  # type: ignore[operator]
