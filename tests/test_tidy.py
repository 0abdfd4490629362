"""What lint can't hold: who imports whom, how long things get, what files are called, what a tracked file may say."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
ARCHITECTURE_LINES_MAX = 130  # two pages
TESTS_PER_LINE = "1.2 to 1.8"  # lines of test to one of code: told each time
TESTS_PER_LINE_MIN = 0.8  # and below this it is a fault
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "handlers", "base", "misc", "lib"}
NOT_PURE = {
    "asyncio", "httpx", "logging", "os", "random", "redis", "secrets", "socket", "sqlalchemy", "structlog",
    "subprocess", "time",
}  # fmt: skip
CODE = ("ccd", "tests", "benchmarks", "docs", "scripts")
ADR_LIST = HERE / "docs/adr/README.md"
SECTIONS, PRINTED_AS = HERE / "ccd/settings/tree.py", "Format"
# What comes along for certain with a package that is named: its own base.
ALONG = {"starlette", "click", "pydantic-core"}
# Where a line of code makes an exception for a tool: with the tool's own words, and behind them why.
EXCEPTIONS = {
    "noqa": re.compile(r"#\s*noqa(?P<which>:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?(?P<why>.*)"),
    "type: ignore": re.compile(r"#\s*type:\s*ignore(?P<which>\[[\w, -]+\])?(?P<why>.*)"),
    "pragma": re.compile(r"#\s*pragma:\s*(?P<which>no cover)(?P<why>.*)"),
}
# Paths of one machine, and hosts of registries and mirrors: written so that they don't stand here themselves.
FORBIDDEN_TEXT = re.compile(
    r"(?<![\w.])/(work|root|farm|opt/pypi|opt/wheels)/|(?<![\w.])/home/\w"
    r"|(pypi|files\.python" + r"hosted|registry\.npm" + r"js|deb\.deb" + r"ian|snapshot\.deb" + r"ian)\.org"
)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=HERE,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := HERE / name).is_file())


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    return tuple(file for file in tracked() if file.suffix == ".py" and file.relative_to(HERE).parts[0] in folders)


def name_of(file: Path) -> str:
    return str(file.relative_to(HERE))


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), name_of(file))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def check(found: list[str], why: str) -> None:
    assert not found, f"{why}:\n" + "\n".join(found)


def test_imports_point_inward_and_adapters_do_not_know_each_other():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_functions_and_modules_are_short():
    check(
        [
            f"{name_of(file)}:{function.lineno} {function.name}: {length} lines"
            for file in modules(*CODE)
            for function in functions(file)
            if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
        ],
        f"functions have at most {FUNCTION_LINES_MAX} lines",
    )
    check(
        [
            f"{name_of(file)}: {lines} lines"
            for file in modules(*CODE)
            if (lines := file.read_text(encoding="utf-8").count("\n")) > MODULE_LINES_MAX
        ],
        f"modules have at most {MODULE_LINES_MAX} lines",
    )


def test_what_says_that_it_is_pure_imports_nothing_that_is_not():
    check(
        [
            f"{name_of(file)}: {', '.join(sorted(found))}"
            for file in modules("ccd")
            if re.search(r"\bPure\b", ast.get_docstring(tree_of(file)) or "")
            and (found := imported_packages(file) & NOT_PURE)
        ],
        "who says 'Pure' does no input or output, reads no clock and writes no log",
    )


def test_files_and_folders_are_named_for_something_of_the_domain():
    code = [file for file in tracked() if file.suffix in {".py", ".ts", ".svelte"}]
    check(
        [name_of(file) for file in code if NO_NAMES & {part.lower() for part in (*file.parent.parts, file.stem)}],
        f"no file or folder is called {', '.join(sorted(NO_NAMES))}",
    )


def classes(file: Path) -> Iterator[str]:
    yield from (node.name for node in tree_of(file).body if isinstance(node, ast.ClassDef))


def test_a_class_has_a_name_that_no_other_has():
    """But for the configuration's sections, which are called as what they configure, and what each command prints."""
    homes: dict[str, list[str]] = {}
    for file in modules("ccd"):
        if file != SECTIONS:
            for name in classes(file):
                homes.setdefault(name, []).append(name_of(file))
    check(
        [f"{name}: {', '.join(found)}" for name, found in homes.items() if len(found) > 1 and name != PRINTED_AS],
        "two classes of one name meet in one reader's head",
    )


def functions_imported(file: Path) -> Iterator[tuple[str, str]]:
    """From which module of ccd what is imported by itself, in small letters; commands are called as their verbs."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ccd."):
            home = HERE / f"{str(node.module).replace('.', '/')}.py"
            if home.is_file() and not str(node.module).startswith("ccd.commands"):
                own = {
                    each.name for each in tree_of(home).body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                }
                yield from ((str(node.module), alias.name) for alias in node.names if alias.name in own)


def test_a_function_that_is_met_without_its_module_has_a_name_that_no_other_such_has():
    homes: dict[str, set[str]] = {}
    for file in modules("ccd"):
        for home, name in functions_imported(file):
            homes.setdefault(name, set()).add(home)
    check(
        [f"{name}: {', '.join(sorted(found))}" for name, found in homes.items() if len(found) > 1],
        "who meets a function imported by itself need not look which of two it is",
    )


def test_no_task_runs_outside_a_group_that_watches_it():
    check(
        [
            f"{name_of(file)}:{node.lineno}"
            for file in modules("ccd")
            for node in ast.walk(tree_of(file))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"create_task", "ensure_future"}
            and not (isinstance(node.func.value, ast.Name) and re.search("group|tasks|children", node.func.value.id))
        ],
        "tasks are created by a TaskGroup that is called group, tasks or children",
    )


MUTABLE_CALLS = {"dict", "list", "set", "defaultdict", "Counter", "deque", "OrderedDict", "bytearray"}


def is_mutable(value: ast.expr | None) -> bool:
    match value:
        case ast.Dict() | ast.List() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in MUTABLE_CALLS
    return False


def module_level_state(file: Path) -> Iterator[str]:
    """Names bound at module level to what can change, but for constants: in capitals, and changed by nobody (below)."""
    for node in tree_of(file).body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                if is_mutable(value) and not name.isupper() and name != "__all__":
                    yield f"{name_of(file)}:{node.lineno} {name}"


def changes_of_constants(file: Path) -> Iterator[str]:
    """`CONSTANT.append(…)`, `CONSTANT[key] = …`, `global name`."""
    changing = {
        "append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "insert", "remove", "discard",
    }  # fmt: skip
    for node in ast.walk(tree_of(file)):
        match node:
            case ast.Global(names=names):
                yield f"{name_of(file)}:{node.lineno} global {', '.join(names)}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
                name.isupper() and attr in changing
            ):
                yield f"{name_of(file)}:{node.lineno} {name}.{attr}"
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name.isupper():
                yield f"{name_of(file)}:{node.lineno} {name}[…]"


def test_no_module_keeps_state():
    check(
        [
            place
            for file in modules("ccd")
            for found in (module_level_state, changes_of_constants)
            for place in found(file)
        ],
        "what changes is held by an object, not by a module",
    )


def exceptions_without_a_reason(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        for tool, pattern in EXCEPTIONS.items():
            match = pattern.search(line)
            if match and not (match["which"] and re.search(r"\w{4,}", match["why"])):
                yield f"{name_of(file)}:{number} {tool}"


def test_each_exception_made_for_a_tool_says_which_rule_and_why():
    check(
        [place for file in modules(*CODE) if file != Path(__file__) for place in exceptions_without_a_reason(file)],
        "after `# noqa: RULE`, `# type: ignore[rule]`, `# pragma: no cover` stands the reason",
    )


def texts() -> Iterator[tuple[Path, str]]:
    for file in tracked():
        content = file.read_bytes()
        if b"\0" not in content:
            yield file, content.decode("utf-8", errors="replace")


def test_no_tracked_file_names_a_path_of_this_machine_or_the_host_of_a_registry():
    check(
        [
            f"{name_of(file)}:{number} {found[0]}"
            for file, text in texts()
            for number, line in enumerate(text.splitlines(), start=1)
            if (found := FORBIDDEN_TEXT.search(line))
        ],
        "the repository stands alone",
    )


def test_the_lock_files_hold_a_hash_for_each_package_and_no_address():
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (HERE / name).read_text().splitlines()
        packages = [number for number, line in enumerate(lines) if "==" in line]
        assert packages
        check([lines[number] for number in packages if "--hash=sha256:" not in lines[number + 1]], f"{name}: no hash")
        check([line for line in lines if "://" in line or line.startswith("-")], f"{name}: an address or an option")
    check(
        [line for line in (HERE / "agent_web/package-lock.json").read_text().splitlines() if '"resolved"' in line],
        "npm's lock is written with omit-lockfile-registry-resolved=true",
    )


def test_what_needs_what_is_locked():
    """Every package that pyproject.toml names stands in the lock that installs it."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())
    for lock, wanted in (
        ("requirements.lock", [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]),
        ("requirements-dev.lock", [need for need in project["dependency-groups"]["dev"] if isinstance(need, str)]),
        ("requirements-dev.lock", project["dependency-groups"]["test"]),
        ("requirements-dev.lock", project["project"]["optional-dependencies"]["plots"]),
    ):
        locked = set(re.findall(r"(?m)^([\w.-]+)(?:\[[\w,]+\])?==", (HERE / lock).read_text()))
        names = {re.split(r"[\[<>=~! ]", need)[0].lower() for need in wanted}
        assert names <= locked, f"{lock} lacks {names - locked}: make lock"


def test_the_bird_s_eye_view_stays_one():
    assert (HERE / "ARCHITECTURE.md").read_text(encoding="utf-8").count("\n") <= ARCHITECTURE_LINES_MAX
    titles = [
        file.read_text(encoding="utf-8").splitlines()[0] for file in sorted((HERE / "docs/adr").glob("[0-9]*.md"))
    ]
    assert titles
    check([title for title in titles if not re.match(r"# \d+\. \w", title)], "an ADR's title is its decision")


def test_each_file_that_the_architecture_names_is_there():
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+)`", (HERE / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert named
    there = {name_of(file).removesuffix(".py") for file in tracked()}
    there |= {str(Path(name).parent) for name in there}
    check([name for name in named if not {name, f"ccd/{name}"} & there], "ARCHITECTURE.md names what is there")


def test_each_decision_stands_in_the_list_of_them():
    listed = ADR_LIST.read_text(encoding="utf-8")
    check(
        [
            name_of(file)
            for file in sorted(ADR_LIST.parent.glob("[0-9]*.md"))
            if f"({file.name}). {file.read_text(encoding='utf-8').splitlines()[0].partition('. ')[2]}" not in listed
        ],
        "docs/adr/README.md lists each decision with its title",
    )


def lines_of(*folders: str) -> int:
    """Lines that are neither empty nor a comment."""
    return sum(
        1
        for file in modules(*folders)
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.strip().startswith("#")
    )


def test_there_is_test_to_the_code(capsys):
    code, test = lines_of("ccd"), lines_of("tests")
    with capsys.disabled():
        sys.stdout.write(
            f"\ntidy: {test} lines of test to {code} of code: {test / code:.2f} ({TESTS_PER_LINE} wanted)\n"
        )
    assert test / code > TESTS_PER_LINE_MIN, "there is less test than code"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: E501", True),
        ("x = 1  # noqa: E501 # the address is one word", False),
        ("x = y()  # type: ignore", True),
        ("x = y()  # type: ignore[misc]", True),
        ("x = y()  # type: ignore[misc] # the library has no types", False),
    ],
)
def test_the_search_for_exceptions_finds_what_it_should(tmp_path, monkeypatch, line, found):
    monkeypatch.setitem(globals(), "HERE", tmp_path)
    file = tmp_path / "x.py"
    file.write_text(line)
    assert bool(list(exceptions_without_a_reason(file))) == found


def test_the_search_for_state_finds_what_it_should(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "HERE", tmp_path)
    file = tmp_path / "y.py"
    file.write_text(
        "cache = {}\nNAMES = {'a': 1}\nknown: list[int] = []\n\ndef f():\n    global x\n    NAMES['b'] = 2\n"
    )
    assert [place.split()[1] for place in module_level_state(file)] == ["cache", "known"]
    assert [place.split()[1] for place in changes_of_constants(file)] == ["global", "NAMES[…]"]


def imported_packages(file: Path) -> set[str]:
    """The top names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_whatever_the_product_imports_is_installed_with_it():
    """Those who only run it have nothing of what the tests and the checks bring along; what they can have besides is
    asked for where it is missing."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named, besides = (
        {re.split(r"[\[<>=;, ]", wanted)[0].lower() for wanted in each}
        for each in (project["dependencies"], project["optional-dependencies"]["plots"])
    )
    locked = {line.partition("==")[0] for line in (HERE / "requirements.lock").read_text().splitlines() if "==" in line}
    distributions = packages_distributions()
    imported = {name for file in modules("ccd") for name in imported_packages(file)} - sys.stdlib_module_names - {"ccd"}
    strangers = {
        name
        for name in imported
        if not {each.lower().replace("_", "-") for each in distributions[name]} & (named | besides | ALONG)
    }
    assert not strangers
    assert named <= locked
