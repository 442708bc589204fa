"""What holds for the whole tree: what it may name, how long files are, what the wheel carries."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LONGEST_FILE = 500
LARGEST_WHEEL = 5_000_000
EXAMPLE = {
    "1000G_MHC_HLA.GRCh38.vcf.gz", "1000G_MHC_HLA.GRCh38.vcf.gz.tbi", "1000G_samples.tsv",
    "README.md",
}  # fmt: skip
SLOW_TO_IMPORT = {"altair", "pandas", "pyarrow", "scipy", "sklearn", "statsmodels"}

# Put together from pieces, so that this file does not hold them either.
REGISTRIES = [
    "pypi." + "org",
    "python" + "hosted",
    "npm" + "js.",
    "deb." + "debian.",
    "conda." + "anaconda",
]
PLACES = ["/wo" + "rk/", "/fa" + "rm/", "../sha" + "red"]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every file that git knows and that is there."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("words", [REGISTRIES, PLACES], ids=["registries", "places"])
def test_no_file_names_a_registry_or_a_place_on_one_machine(
    tracked: list[Path], words: list[str]
) -> None:
    needles = [word.encode() for word in words]
    found = [
        f"{path.relative_to(ROOT)}: {needle.decode()}"
        for path in tracked
        for content in [path.read_bytes()]
        for needle in needles
        if needle in content
    ]
    assert not found


def test_files_are_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sorted((ROOT / "riskscore").rglob("*.py"))
    }
    assert lengths
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_help_answers() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from riskscore.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "score" in run.stdout


def test_help_imports_nothing_slow() -> None:
    script = """
import sys
sys.argv = ["riskscore", "--help"]
try:
    from riskscore.cli import main
    main()
except SystemExit:
    pass
print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    last = run.stdout.splitlines()[-1]
    assert last.startswith("imported: ")
    assert SLOW_TO_IMPORT.isdisjoint(last.split())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree as it stands, without a network."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    run = subprocess.run([*build, str(ROOT)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = out.glob("*.whl")
    return built


def test_wheel_carries_the_models_and_no_people_but_the_example(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    models = {path.parent.name for path in (ROOT / "reference/models").glob("*/model.yaml")}
    assert models
    for model in models:
        assert f"riskscore/_reference/models/{model}/model.yaml" in names
    assert "riskscore/py.typed" in names
    data = [name for name in names if name.startswith("riskscore/_reference/")]
    examples = {name for name in data if name.startswith("riskscore/_reference/examples/")}
    assert {name.rpartition("/")[2] for name in examples} == EXAMPLE
    people = {name for name in names if ".vcf" in name or ".bcf" in name}
    assert people <= examples
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"riskscore"}
    assert wheel.stat().st_size < LARGEST_WHEEL


def test_the_wheel_holds_what_git_knows(wheel: Path, tracked: list[Path]) -> None:
    known = {path.relative_to(ROOT).as_posix() for path in tracked}
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    own = {name.replace("riskscore/_reference", "reference") for name in names}
    assert own - known == set()
    code = {name for name in known if re.fullmatch(r"riskscore/.*\.py", name)}
    assert code <= own


def test_the_sdist_holds_what_git_knows(tmp_path: Path, tracked: list[Path]) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    known = {path.relative_to(ROOT).as_posix() for path in tracked}
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        files = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert files - known == {"PKG-INFO"}
    assert {name for name in known if name.startswith(("riskscore/", "reference/"))} <= files


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel in it, and the checkout out of sight.

    The dependencies come from the environment of the tests: its folders are appended to the new
    one's path as they are, so that no .pth file in them (the editable install's) is followed.
    """
    home = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    offline = ["--disable-pip-version-check", "--no-deps", "--no-index"]
    run = subprocess.run([*pip, *offline, str(wheel)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (site_packages,) = home.glob("lib/python*/site-packages")
    theirs = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (site_packages / "dependencies.pth").write_text("\n".join(theirs) + "\n", encoding="utf-8")
    return python


def test_installed_wheel_loads_every_model(installed: Path, tmp_path: Path) -> None:
    script = """
import json, sys
import riskscore
ids = list(riskscore.list_models())
loaded = [type(riskscore.load_model(model)).__name__ for model in ids]
print(json.dumps({"file": riskscore.__file__, "path": sys.path, "ids": ids, "loaded": loaded}))
"""
    run = subprocess.run(
        [str(installed), "-I", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert Path(told["file"]).is_relative_to(installed.parent.parent)
    assert str(ROOT) not in told["path"]
    models = {path.parent.name for path in (ROOT / "reference/models").glob("*/model.yaml")}
    assert set(told["ids"]) == models
    assert set(told["loaded"]) == {"RiskModel"}


def test_installed_command_answers(installed: Path, tmp_path: Path) -> None:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("PYTHON")}
    run = subprocess.run(
        [str(installed.with_name("riskscore")), "--help"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "score" in run.stdout


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Within a function or for a type's name is an import too."""
    import grimp  # comes with import-linter

    graph = grimp.build_graph("riskscore", cache_dir=None)
    left = {name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules}
    while outer := {name for name, imported in left.items() if not imported & left.keys()}:
        left = {name: imported for name, imported in left.items() if name not in outer}
    assert left == {}


def test_no_two_classes_have_one_name() -> None:
    """Names of private classes are free."""
    found = Counter(
        name
        for path in sorted((ROOT / "riskscore").rglob("*.py"))
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {name for name, count in found.items() if count > 1} == set()


def test_no_two_types_of_arrays_have_one_name() -> None:
    """Those that many modules hold are in riskscore/arrays.py."""
    found = Counter(
        name
        for path in sorted((ROOT / "riskscore").rglob("*.py"))
        for name in re.findall(
            r"^([A-Z]\w*) = NDArray", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert found["Array"] == 1
    assert {name for name, count in found.items() if count > 1} == set()


LONGEST_CHAIN = 19  # modules, each of which imports the next when it is imported


def test_chains_of_imports_are_short() -> None:
    imported: dict[str, set[str]] = {}
    for path in sorted((ROOT / "riskscore").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported[name] = {
            module
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module
            for module in (node.module, *(f"{node.module}.{one.name}" for one in node.names))
            if module != name
        }

    @cache
    def chain(module: str) -> list[str]:
        known = imported[module] & imported.keys()
        return [module, *max((chain(other) for other in known), key=len, default=[])]

    longest = max((chain(module) for module in imported), key=len)
    assert len(longest) <= LONGEST_CHAIN, longest


LARGEST_FOLDER = 18  # modules and folders; about 15, so that one look takes them in


def test_folders_are_small() -> None:
    folders = [path.parent for path in (ROOT / "riskscore").rglob("__init__.py")]
    entries = {
        str(folder.relative_to(ROOT)): len(
            [
                p
                for p in folder.iterdir()
                if p.name not in {"__init__.py", "__main__.py", "__pycache__"}
            ]
        )
        for folder in folders
    }
    assert {name: count for name, count in entries.items() if count > LARGEST_FOLDER} == {}


def test_installed_wheel_scores_the_example(installed: Path, tmp_path: Path) -> None:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("PYTHON")}
    run = subprocess.run(
        [str(installed.with_name("riskscore")), "demo", "--out", "results"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "2504 people" in run.stdout
    assert (tmp_path / "results" / "scores.tsv").is_file()


@pytest.mark.parametrize(
    ("target", "left"),
    [("wheel", "reference/mycohort.tsv"), ("wheel", "riskscore/my.py"), ("sdist", "recipes/my~")],
)
def test_a_file_that_somebody_left_does_not_ship(target: str, left: str, tmp_path: Path) -> None:
    """A table of people in a folder of data: the build says so, and makes nothing."""
    home = tmp_path / "checkout"
    for name in ("reference", "riskscore", "recipes"):
        (home / name).mkdir(parents=True)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, home / name)
    (home / "riskscore" / "__init__.py").write_text("")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(home)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        subprocess.run([*git, *words], check=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(tmp_path / "out")]

    def built() -> subprocess.CompletedProcess[str]:
        return subprocess.run(build, cwd=home, capture_output=True, text=True, check=False)

    assert built().returncode == 0
    (home / left).write_text("sample\nAnna\n")
    (home / ".git/info/exclude").write_text(f"{left}\n")  # hatchling does not read this file
    done = built()
    assert done.returncode != 0
    assert left in done.stdout + done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 1
