"""Language of the code: naming and spelling rules that a machine can check."""

import ast
import io
import re
import tokenize
from pathlib import Path

from checkout import ROOT

APP = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "app").rglob("*.py"))}
TESTS = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if "node_modules" not in path.parts and path != Path(__file__)
}
SOURCES = APP | TESTS
BRITISH_SPELLING = re.compile(
    r"anaesth|behaviour|colour|favour|licence|neighbour|(normal|organ|recogn|serial)is[ei]", re.IGNORECASE
)
ASGI_TYPES = {"ASGIApp", "Message", "Receive", "Scope", "Send"}


def locate(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


def list_assignments(module: ast.Module) -> list[tuple[str, str]]:
    """Target and value of each assignment at module level, as source text."""
    assignments = []
    for node in module.body:
        if isinstance(node, ast.Assign):
            assignments += [(ast.unparse(target), ast.unparse(node.value)) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value:
            assignments.append((ast.unparse(node.target), ast.unparse(node.value)))
    return assignments


def list_names_and_prose(path: Path) -> list[str]:
    """Identifiers, comments and docstrings of a module."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    texts = [token.string for token in tokens if token.type in {tokenize.NAME, tokenize.COMMENT}]
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return texts + [ast.get_docstring(node) or "" for node in ast.walk(SOURCES[path]) if isinstance(node, documented)]


def test_no_function_name_ends_in_of() -> None:
    # `one_of` reads as a phrase: one of these values.
    assert [
        f"{locate(path, node)} {node.name}"
        for path, module in SOURCES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.endswith("_of") and node.name != "one_of"
    ] == []


def test_no_loop_variable_is_called_one() -> None:
    assert [
        locate(path, name)
        for path, module in SOURCES.items()
        for loop in ast.walk(module)
        if isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension)
        for name in ast.walk(loop.target)
        if isinstance(name, ast.Name) and name.id == "one"
    ] == []


def test_a_module_docstring_begins_with_its_subject() -> None:
    docstrings = {locate(path, module): ast.get_docstring(module) or "" for path, module in SOURCES.items()}

    assert {
        location: text for location, text in docstrings.items() if re.match(r"(From|How|What|Where|Which|Who)\b", text)
    } == {}


def test_names_and_prose_have_american_spelling() -> None:
    assert [
        (path.relative_to(ROOT).as_posix(), text)
        for path in SOURCES
        for text in list_names_and_prose(path)
        if BRITISH_SPELLING.search(text)
    ] == []


def test_the_only_alias_of_a_json_object_is_in_the_domain() -> None:
    assert {
        path.relative_to(ROOT).as_posix()
        for path, module in APP.items()
        for target, value in list_assignments(module)
        if target == "Json" or value == "dict[str, Any]"
    } == {"app/domain/json.py"}


def test_asgi_types_come_from_starlette() -> None:
    targets = {target for module in APP.values() for target, _ in list_assignments(module)}

    assert targets.isdisjoint(ASGI_TYPES)
