"""Change a function in one place at a time; a good test notices each change."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

#: A description of a change, and a function that makes it in the tree.
Change: TypeAlias = tuple[str, Callable[[], None]]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_SYMBOLS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
    ast.Mod: "%", ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>", ast.And: "and", ast.Or: "or",
}  # fmt: skip
#: A name, and another that a person could write by mistake.
_NEAR = {
    "partition": "rpartition", "rpartition": "partition", "split": "rsplit",
    "rsplit": "split", "rstrip": "lstrip", "lstrip": "rstrip", "strip": "lstrip",
    "startswith": "endswith", "endswith": "startswith", "find": "rfind", "index": "rindex",
    "urlsafe_b64encode": "b64encode", "urlsafe_b64decode": "b64decode",
    "to_base64": "from_base64", "from_base64": "to_base64",
    "digest": "hexdigest", "hexdigest": "digest", "sha256": "sha512",
    "encryptor": "decryptor", "decryptor": "encryptor", "CBC": "CTR",
    "form": "args", "args": "form", "rule": "endpoint", "any": "all", "all": "any",
    "min": "max", "max": "min", "get": "pop", "append": "remove", "add": "discard",
    "keys": "values", "values": "keys", "get_json": "get_data",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """Source with one change, and its description, such as "line 3: `<` to `<=`"."""

    description: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Return each change of a source, in the order of its text.

    Docstrings, annotations, imports, signatures and error messages stay the same. Two changes
    with the same result count once.
    """
    tree = ast.parse(source)
    found: dict[str, Mutant] = {}
    for place, node in enumerate(_nodes(tree)):
        for number in range(len(list(_changes(node)))):
            changed = deepcopy(tree)
            description, apply = list(_changes(_nodes(changed)[place]))[number]
            apply()
            text = ast.unparse(ast.fix_missing_locations(changed))
            found.setdefault(text, Mutant(description, text))
    found.pop(ast.unparse(tree), None)
    return _numbered(found.values())


def _numbered(found: Iterable[Mutant]) -> list[Mutant]:
    """Number the changes that have the same description."""
    seen: Counter[str] = Counter()
    numbered = []
    for each in found:
        seen[each.description] += 1
        number = seen[each.description]
        more = f" ({number})" if number > 1 else ""
        numbered.append(Mutant(each.description + more, each.source))
    return numbered


def _nodes(node: ast.AST) -> list[ast.AST]:
    """Return a node and all nodes below it, without annotations and docstrings."""
    found = [node]
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_text(child):
                found += _nodes(child)
    return [found[0]] if isinstance(node, ast.Raise) else found


def _is_text(node: ast.AST) -> bool:
    """Whether it is only a constant, such as a docstring or dots."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield the changes of this node, not of those below it."""
    for kind, changes in _BY_KIND.items():
        if isinstance(node, kind):
            for what, apply in changes(node):
                line = getattr(node, "lineno", None)
                yield f"line {line}: {what}" if line else what, apply
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            # Without its last return a function returns None, which `_return` tries already.
            last = isinstance(node, ast.FunctionDef) and isinstance(block[-1], ast.Return)
            yield from _dropped(block, len(block) - last)


def _set(node: ast.AST, field: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(node, field, value)


def _put(items: list[Any], place: int, value: Any) -> Callable[[], None]:
    return lambda: items.__setitem__(place, value)


def _to(before: object, after: object) -> str:
    return f"`{before}` to `{after}`"


def _dropped(block: list[Any], end: int) -> Iterator[Change]:
    kept = (ast.Import, ast.ImportFrom, ast.Pass, ast.FunctionDef)
    for place, statement in enumerate(block[:end]):
        if not isinstance(statement, kept) and not _is_text(statement):
            first = ast.unparse(statement).splitlines()[0]
            what = f"line {statement.lineno}: `{first}` dropped"
            yield what, _put(block, place, ast.Pass())


def _comparison(node: ast.Compare) -> Iterator[Change]:
    for place, before in enumerate(node.ops):
        for after in _COMPARISONS[type(before)]:
            text = _to(_SYMBOLS[type(before)], _SYMBOLS[after])
            yield text, _put(node.ops, place, after())


def _operands(node: ast.BinOp) -> Iterator[Change]:
    yield from _operator(node)
    for kept, dropped in ((node.left, node.right), (node.right, node.left)):
        yield f"`{ast.unparse(dropped)}` dropped", _become(node, kept)


def _become(node: ast.AST, other: ast.AST) -> Callable[[], None]:
    def become() -> None:
        node.__class__ = other.__class__
        node.__dict__.update(other.__dict__)

    return become


def _operator(node: ast.BinOp | ast.AugAssign) -> Iterator[Change]:
    before = type(node.op)
    if before in _OPERATORS:
        after = _OPERATORS[before]
        yield _to(_SYMBOLS[before], _SYMBOLS[after]), _set(node, "op", after())


def _and_or(node: ast.BoolOp) -> Iterator[Change]:
    before = type(node.op)
    after = ast.Or if before is ast.And else ast.And
    yield _to(_SYMBOLS[before], _SYMBOLS[after]), _set(node, "op", after())
    for place, part in enumerate(node.values):
        rest = node.values[:place] + node.values[place + 1 :]
        yield f"`{ast.unparse(part)}` dropped", _set(node, "values", rest)


def _sign(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not):
        yield "`not` dropped", _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node.op, ast.USub):
        yield _to("-", "+"), _set(node, "op", ast.UAdd())


def _condition(node: ast.If | ast.IfExp) -> Iterator[Change]:
    if not (isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)):
        text = _to(ast.unparse(node.test), "not …")
        yield text, _set(node, "test", ast.UnaryOp(ast.Not(), node.test))


def _filter(node: ast.comprehension) -> Iterator[Change]:
    for place, test in enumerate(node.ifs):
        rest = node.ifs[:place] + node.ifs[place + 1 :]
        yield f"line {test.lineno}: `if {ast.unparse(test)}` dropped", _set(node, "ifs", rest)


def _constant(node: ast.Constant) -> Iterator[Change]:
    for after in _near_values(node.value):
        yield _to(repr(node.value), repr(after)), _set(node, "value", after)


def _near_values(value: object) -> tuple[object, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return value + 1, value - 1
        case float():
            return (value + 1,)
        case str():
            return (value[:-1] + chr(ord(value[-1]) + 1) if value else "x",)
        case bytes():
            return (value[:-1] + bytes([value[-1] ^ 1]) if value else b"x",)
    return ()


def _return(node: ast.Return) -> Iterator[Change]:
    if node.value is not None and ast.unparse(node.value) != "None":
        text = _to(f"return {ast.unparse(node.value)}", "return None")
        yield text, _set(node, "value", ast.Constant(None))


def _call(node: ast.Call) -> Iterator[Change]:
    if len(node.args) > 1:
        swapped = [node.args[1], node.args[0], *node.args[2:]]
        name = ast.unparse(node.func)
        yield f"first two arguments of `{name}` swapped", _set(node, "args", swapped)
    for field in ("args", "keywords"):
        given = getattr(node, field)
        for place, each in enumerate(given):
            rest = given[:place] + given[place + 1 :]
            yield f"argument `{ast.unparse(each)}` dropped", _set(node, field, rest)


def _decorators(node: ast.FunctionDef) -> Iterator[Change]:
    for place, each in enumerate(node.decorator_list):
        rest = node.decorator_list[:place] + node.decorator_list[place + 1 :]
        yield f"`@{ast.unparse(each)}` dropped", _set(node, "decorator_list", rest)
    if len(node.decorator_list) > 1:
        turned = node.decorator_list[::-1]
        yield "decorators swapped", _set(node, "decorator_list", turned)


def _attribute(node: ast.Attribute) -> Iterator[Change]:
    if node.attr in _NEAR:
        yield _to(f".{node.attr}", f".{_NEAR[node.attr]}"), _set(node, "attr", _NEAR[node.attr])


def _name(node: ast.Name) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and node.id in _NEAR:
        yield _to(node.id, _NEAR[node.id]), _set(node, "id", _NEAR[node.id])


def _slice(node: ast.Slice) -> Iterator[Change]:
    for field in ("lower", "upper", "step"):
        bound = getattr(node, field)
        if bound is None:
            continue
        text = ast.unparse(bound)
        yield f"bound `{text}` dropped", _set(node, field, None)
        if not isinstance(bound, ast.Constant):  # `_constant` changes those
            later = ast.BinOp(bound, ast.Add(), ast.Constant(1))
            yield _to(text, f"{text} + 1"), _set(node, field, later)


_BY_KIND: dict[Any, Callable[[Any], Iterator[Change]]] = {
    ast.Compare: _comparison,
    ast.BinOp: _operands,
    ast.AugAssign: _operator,
    ast.BoolOp: _and_or,
    ast.UnaryOp: _sign,
    ast.If: _condition,
    ast.IfExp: _condition,
    ast.comprehension: _filter,
    ast.Constant: _constant,
    ast.Return: _return,
    ast.Call: _call,
    ast.FunctionDef: _decorators,
    ast.Attribute: _attribute,
    ast.Name: _name,
    ast.Slice: _slice,
}
