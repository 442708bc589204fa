"""The recipes ask for what pyproject.toml asks for, and run a command of riskscore's."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPES = ROOT / "recipes"
MODULE = RECIPES / "nf-core" / "riskscore" / "score"
VCF = ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def conda() -> dict[str, Any]:
    """The conda recipe as conda-build would render it."""
    template = Environment(undefined=StrictUndefined, autoescape=True).from_string(
        (RECIPES / "conda" / "meta.yaml").read_text()
    )
    return yaml.safe_load(template.render(PYTHON="python", environ={}).replace("&gt;", ">"))


def plain(requirements: list[str]) -> set[str]:
    return {re.sub(r"[ \"]", "", one).lower() for one in requirements}


def test_conda_has_the_name_version_and_packages(
    conda: dict[str, Any], project: dict[str, Any]
) -> None:
    assert conda["package"] == {"name": project["name"], "version": project["version"]}
    python = f"python{project['requires-python']}"
    assert plain(conda["requirements"]["run"]) == plain([python, *project["dependencies"]])
    extras = project["optional-dependencies"]
    named = [one for name in ("report", "studies", "bgen", "pgen") for one in extras[name]]
    assert plain(conda["requirements"]["run_constrained"]) == plain(named)
    assert conda["build"]["entry_points"] == [
        f"{command} = {place}" for command, place in project["scripts"].items()
    ]
    assert conda["about"]["license"] == project["license"]
    assert project["version"] in conda["source"]["url"]


def test_the_extra_all_is_every_extra(project: dict[str, Any]) -> None:
    extras = set(project["optional-dependencies"])
    (every,) = project["optional-dependencies"]["all"]
    names = every.partition("[")[2].rstrip("]").split(",")
    assert set(names) == extras - {"all", "dev"}


def test_the_image_runs_as_an_ordinary_user_and_tells_its_health() -> None:
    lines = (RECIPES / "docker" / "Dockerfile").read_text().splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert next(line for line in last if line.startswith("FROM")).endswith("-slim")
    assert any(line.startswith("USER ") and "root" not in line for line in last)
    assert 'HEALTHCHECK CMD ["riskscore", "--version"]' in last
    copied = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--from)", line)]
    assert all((ROOT / name).exists() for names in copied for name in names)


def test_the_module_runs_one_command_and_finds_its_outputs(tmp_path: Path) -> None:
    text = (MODULE / "main.nf").read_text()
    script = text.partition("script:")[2].partition("stub:")[0]
    (line,) = re.findall(r"^ *(riskscore \w+ .*)$", script, flags=re.M)
    values = {"vcf": str(VCF), "chosen": "--model t1d", "args": "", "prefix": "cohort"}
    words = re.sub(r"\$(\w+)", lambda name: values[name[1]], line).split()
    run = subprocess.run(
        [sys.executable, "-c", "from riskscore.cli import main; main()", *words[1:]],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    outputs = re.findall(r'path\("\$\{prefix\}/([^"]+)"\)', text)
    assert len(outputs) == 5
    assert all((tmp_path / "cohort" / name).stat().st_size for name in outputs)


def test_the_module_is_described() -> None:
    told = yaml.safe_load((MODULE / "meta.yml").read_text())
    assert told["name"] == "riskscore_score"
    emitted = re.findall(r"emit: (\w+)", (MODULE / "main.nf").read_text())
    assert list(told["output"]) == emitted
