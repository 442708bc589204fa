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
# Arguments that assert or copy and change no result: zip(strict=), frozen arrays, warnings.
_ASSERTING = {"strict", "copy", "stacklevel", "kw_only", "repr"}
# numpy reads any length below 0 as the one that is left: reshape(-2, 3) is reshape(-1, 3).
_SHAPING = "reshape"
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """A file with one change: the line of it, the lines of its statement, and the changed tree."""

    line: int
    statement: range
    change: str
    tree: ast.Module


@dataclass(frozen=True)
class _Site:
    """An expression, the lines of its statement, and whether it is in a function's body.

    What is not is run by an import.
    """

    node: ast.expr
    statement: range
    in_function: bool


def places(text: str) -> list[tuple[bool, str]]:
    """The mutants of a file: whether each is inside a function, and the code that it changes."""
    return [(site.in_function, ast.unparse(site.node)) for site in _sites(ast.parse(text))]


def mutant_of(text: str, place: int) -> Mutant:
    """The mutant of a number, from 0.

    >>> mutant_of("x = a < b", 0).change
    'a < b -> a <= b'
    """
    tree = ast.parse(text)
    site = _sites(tree)[place]
    line, before = site.node.lineno, ast.unparse(site.node)
    _change(site.node)
    ast.fix_missing_locations(tree)
    change = f"{_short(before)} -> {_short(ast.unparse(site.node))}"
    return Mutant(line, site.statement, change, tree)


def _short(code: str) -> str:
    return code if len(code) <= 60 else f"{code[:57]}..."


def _sites(tree: ast.Module) -> list[_Site]:
    """The expressions that can be changed."""
    return [site for site in _walked(tree, range(0), False) if _changes(site.node)]


def _changes(node: ast.AST) -> bool:
    return (
        (isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPPED)
        or (isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPPED)
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub))
        or (isinstance(node, ast.Constant) and type(node.value) in (bool, int, float))
    )


def _walked(node: ast.AST, statement: range, in_function: bool) -> Iterator[_Site]:
    """Every expression that is run, with the lines of its statement: of its head, if it has one."""
    if isinstance(node, ast.stmt):
        body = getattr(node, "body", None)
        end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
        statement = range(node.lineno, max(end, node.lineno + 1))
    if isinstance(node, ast.expr):
        yield _Site(node, statement, in_function)
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT:
            continue
        inside = in_function or (isinstance(node, _FUNCTIONS) and name == "body")
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _only_words(child):
                found = _walked(child, statement, inside)
                left = _length_left(node, child)
                yield from (site for site in found if site.node is not left)


def _length_left(call: ast.AST, argument: ast.AST) -> ast.AST | None:
    """The number 1 of -1, where it is an argument of reshape."""
    shaping = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    if shaping and call.func.attr == _SHAPING and isinstance(argument, ast.UnaryOp):
        return argument.operand
    return None


def _only_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert) or (
        isinstance(node, ast.keyword) and node.arg in _ASSERTING
    )


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
