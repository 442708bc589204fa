"""model.yaml and the tables beside it: whatever they hold, an error names the file and the line."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.errors import ModelFormatError, RiskscoreError
from riskscore.models.folders.folder import read_folder
from riskscore.models.folders.schema import json_schema, validate
from riskscore.models.strict_yaml import DEPTH_LIMIT, SIZE_LIMIT, parse_yaml, read_yaml

MODELS = Path(__file__).parents[2] / "reference" / "models"
Run = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: &x 1\nb: 2", 1, "anchors"),
        ("a: 1\nb: *x", 2, "anchors and aliases"),
        ("a: \x01", 1, "this is not YAML"),
        ("a: 1\nb: !!python/object:os.system x", 2, "tag"),
        ("a: 1\nb: !local x", 2, "tag"),
        ("a: 1\nb: 2\na: 3", 3, "'a' occurs twice"),
        ("a:\n  c: 1\n  c: 2", 3, "'c' occurs twice"),
        ("- 1\n- 2", 1, "a mapping"),
        ("just words", 1, "a mapping"),
        ("", 1, "a mapping"),
        ("a: [1, 2", 1, "."),
        ("a: 1\n b: 2", 2, "."),
        ("a: 1\n\tb: 2", 2, "."),
        ("? [1, 2]\n: 3", 1, "a key must be text"),
        ("a: 1\n<<: {b: 2}", 2, "merge|stands|text|."),
    ],
)
def test_what_yaml_may_not_hold(text: str, line: int, message: str) -> None:
    if "<<" in text:
        assert parse_yaml(text, "x.yaml").content == {"a": "1", "<<": {"b": "2"}}  # no merging
        return
    with pytest.raises(ModelFormatError, match=message) as error:
        parse_yaml(text, "x.yaml")
    assert re.search(rf"x\.yaml, line {line}\b", str(error.value)), error.value


def test_scalars_stay_text() -> None:
    content = parse_yaml("a: no\nb: 1.10\nc: 0x1F\nd: null\ne: 2020-01-01\nf: 1e3", "x").content
    assert content == {
        "a": "no",
        "b": "1.10",
        "c": "0x1F",
        "d": "null",
        "e": "2020-01-01",
        "f": "1e3",
    }


def test_depth_and_size_are_bounded(tmp_path: Path) -> None:
    deep = "".join("  " * i + "a:\n" for i in range(DEPTH_LIMIT + 3))
    with pytest.raises(ModelFormatError, match="deeper than 12"):
        parse_yaml(deep, "x.yaml")
    inner = "[" * (DEPTH_LIMIT - 1) + "]" * (DEPTH_LIMIT - 1)  # within the mapping of the file
    assert list(parse_yaml(f"a: {inner}", "x.yaml").content) == ["a"]
    with pytest.raises(ModelFormatError, match="deeper than 12"):
        parse_yaml(f"a: [{inner}]", "x.yaml")
    with pytest.raises(ModelFormatError, match="deeper than"):
        parse_yaml("[" * 100_000, "x.yaml")
    long = tmp_path / "long.yaml"
    long.write_text("a: " + "x" * (SIZE_LIMIT + 10))
    with pytest.raises(RiskscoreError, match="more than 2 MB"):
        read_yaml(long)


def test_a_billion_laughs_is_refused() -> None:
    text = "a: &a [x,x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(ModelFormatError, match="anchors"):
        parse_yaml(text, "x.yaml")


def read_or_refused(text: str) -> None:
    told = ""
    try:
        assert isinstance(parse_yaml(text, "x.yaml").content, dict)
    except ModelFormatError as error:
        told = str(error)
    assert not told or re.search(r"x\.yaml, line \d+", told), told


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    read_or_refused(text)


BITS = st.sampled_from(
    ["a: 1\n", "  b: 2\n", "- c\n", "? x\n", "&a ", "*a", "!!str ", "{", "}", "[", "]", "|\n",
     ">\n", "'", '"', "\t", "#", ": ", "---\n", "...\n", "%YAML 1.1\n", "\x00",
     "\ufeff", "é", "<<: "]
)  # fmt: skip


@given(st.lists(BITS, max_size=25).map("".join))
def test_yaml_like_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


# Folders -------------------------------------------------------------------------------------

EDITS = st.tuples(st.integers(0, 10**6), st.sampled_from(["drop", "double", "swap", "junk"]))
JUNK = ["", "\t", "x", "nan", "-1", "True", "HLA-A*", "1e999", "é", "\x1f", ": [", "2" * 400]


def mangled(text: str, edits: list[tuple[int, str]], junk: str) -> str:
    lines = text.split("\n")
    for place, kind in edits:
        i = place % len(lines)
        if kind == "drop":
            lines[i] = ""
        elif kind == "double":
            lines.insert(i, lines[i])
        elif kind == "swap":
            j = (i * 7 + 3) % len(lines)
            lines[i], lines[j] = lines[j], lines[i]
        else:
            words = re.split(r"(\s+)", lines[i])
            words[place % len(words)] = junk
            lines[i] = "".join(words)
    return "\n".join(lines)


@settings(max_examples=120)
@given(
    file=st.sampled_from(["model.yaml", "weights.tsv", "haplotypes.tsv"]),
    edits=st.lists(EDITS, min_size=1, max_size=3),
    junk=st.sampled_from(JUNK),
)
def test_a_mangled_folder_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, file: str, edits: list[tuple[int, str]], junk: str
) -> None:
    folder = tmp_path_factory.mktemp("model") / "t1d-grs1"
    shutil.copytree(MODELS / "t1d-grs1", folder)
    path = folder / file
    path.write_text(mangled(path.read_text(encoding="utf-8"), edits, junk), encoding="utf-8")
    told = "read: model.yaml"
    try:
        assert read_folder(folder).terms
    except RiskscoreError as error:
        told = str(error)
    assert any(name in told for name in ("model.yaml", "weights.tsv", "haplotypes.tsv")), told
    assert str(folder.parent) not in told


def edited(tmp_path: Path, file: str, old: str, new: str) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(MODELS / "t1d-grs1", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "model.yaml",
            "missing: population_mean",
            "missing: population_mean\ntyped_alone: {model: t1d-hla, component: Nowhere}",
            "no term is of component 'Nowhere'",
        ),
        (
            "model.yaml",
            "missing: population_mean",
            "missing: population_mean\ntyped_alone: {model: t1d-typed, component: HLA}",
            "no other model 't1d-typed' is shipped or beside this one.*model.yaml",
        ),
        (
            "model.yaml",
            "missing: population_mean",
            "missing: population_mean\ntyped_alone: {model: t1d-grs1, component: HLA}",
            "no other model 't1d-grs1'",
        ),
        (
            "model.yaml",
            "missing: population_mean",
            "missing: zero",
            r"missing.*model.yaml, line 17",
        ),
        (
            "model.yaml",
            "excess_haplotypes: h",
            "excess_haplotypes: x",
            r"excess.*model.yaml, line 16",
        ),
        ("model.yaml", "outcome: type", "outcom: type", r"outcom.*model.yaml"),
        ("model.yaml", "value: 0.0067215", "value: 3", r"prevalence.*model.yaml, line 4\d"),
        ("weights.tsv", "\tfound", "\tguessed", r"status is 'guessed'.*weights.tsv, line 15"),
        ("weights.tsv", "\tlocus_name", "\tlocus", r"'locus' is not known.*weights.tsv"),
        ("weights.tsv", "HLA-DRB1*03:01", "HLA-DRB1*", r"not an HLA allele.*weights.tsv, line 15"),
        ("haplotypes.tsv", "DR3\tDR3\t1", "DR3\tDR3\tone", r"haplotypes.tsv"),
        ("haplotypes.tsv", "32638107", "x", r"haplotypes.tsv"),
        ("haplotypes.tsv", "DR3\tDR3", "DR9\tDR3", r"'DR9' is not in the weights.*haplotypes.tsv"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        rs.load_model(edited(tmp_path, file, old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kind: binary", "kind: binry", "'binry' is not one of: binary, dose, ordinal"),
        (
            "kind: binary",
            "kind: binary\n    sex: other",
            "sex: 'other' is not one of: female, male",
        ),
        ("kind: binary", "kinds: binary", "exposures.0.kinds: no such key"),
        ("weighted: false", "weighted: maybe", "exposures.0.weighted: expected true or false"),
        ("odds_ratio: 32.4", "odds_ratio: x", "odds_ratio: expected a number "),
        ("odds_ratio: 32.4", "odds_ratio: -1", "expected a number > 0"),
        ("odds_ratio: 32.4", "odds_ratio: nan", "expected a number > 0"),
        ("odds_ratio: 32.4", "odds_ratio: inf", "expected a number that is finite"),
        ("odds_ratio: 32.4", "odds_ratio: 500", "does not hold the odds ratio 500"),
        ("          - 4.3\n", "", "ci: expected a list of length 2, got 1"),
        (
            "frequency: 0.94",
            "frequency: 0.5",
            "exposures.0: the frequencies of the levels must sum",
        ),
        ("mondo: MONDO:0005301", "mondo: five", "mondo: expected text matching"),
        ('version: "1.3.0"', 'version: "1.3.0\\n"', "version: expected text matching"),
        ("name: multiple sclerosis", "names: multiple sclerosis", "disease.names: no such key"),
        ("outcome: multiple sclerosis, lifetime\n", "", "outcome: this key is needed"),
        ("missing: population_mean", "missing: [a]", "missing: expected text"),
        ("disease:", "disease: x\nd:", "disease: expected keys with values"),
    ],
)
def test_what_is_wrong_is_said_in_words(old: str, new: str, told: str) -> None:
    text = (MODELS / "ms" / "model.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ModelFormatError, match=re.escape(told)):
        validate(parse_yaml(text.replace(old, new, 1), "model.yaml"))


def test_a_frequency_that_a_population_needs(tmp_path: Path) -> None:
    folder = edited(tmp_path, "model.yaml", "stand_in_population: EUR\n", "")
    with pytest.raises(ModelFormatError, match="no frequency for AFR"):
        rs.load_model(folder)


# The JSON Schema -----------------------------------------------------------------------------


def conforms(value: Any, schema: Any, whole: dict[str, Any]) -> bool:  # noqa: PLR0911
    """Whether a value of YAML text meets a JSON Schema; the part of the standard that is used."""
    if schema is False:
        return False
    if "$ref" in schema:
        return conforms(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        return any(conforms(value, one, whole) for one in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if kind == "object":
        return object_conforms(value, schema, whole)
    if kind == "array":
        if not isinstance(value, list):
            return False
        kinds, rest = schema.get("prefixItems", []), schema.get("items", {})
        kinds = [*kinds, *[rest] * (len(value) - len(kinds))]
        return len(kinds) == len(value) and all(map(conforms, value, kinds, [whole] * len(value)))
    if kind in {"number", "integer"}:
        return isinstance(value, str) and float(value) == float(value)
    texts = {"boolean": {"true", "false"}, "null": {None}}
    if kind in texts:
        return value in texts[kind]
    return kind != "string" or (
        isinstance(value, str) and bool(re.search(schema.get("pattern", ""), value))
    )


def object_conforms(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> bool:
    if not isinstance(value, dict) or set(schema.get("required", ())) - set(value):
        return False
    named, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    own = {key: named.get(key, rest) for key in value}
    return all(
        one is not False and (one is True or conforms(value[key], one, whole))
        for key, one in own.items()
    )


@pytest.mark.parametrize("name", rs.list_models())
def test_shipped_models_meet_the_schema(name: str) -> None:
    text = (MODELS / name / "model.yaml").read_text(encoding="utf-8")
    content = yaml.load(text, Loader=yaml.BaseLoader)
    schema = json_schema()
    assert conforms(content, schema, schema)
    assert not conforms({**content, "unheard_of": "1"}, schema, schema)
    assert not conforms({k: v for k, v in content.items() if k != "disease"}, schema, schema)


def test_the_schema_verb_prints_it(riskscore: Run) -> None:
    done = riskscore("models", "schema")
    assert json.loads(done.stdout) == json_schema()
    assert {"id", "disease", "weights", "reporting", "excess_haplotypes"} <= set(
        json_schema()["properties"]
    )


def test_a_model_for_typed_hla_may_be_the_users_own(tmp_path: Path) -> None:
    named = "missing: population_mean\ntyped_alone: {model: typed, component: HLA_DRDQ}"
    folder = edited(tmp_path, "model.yaml", "missing: population_mean", named)
    (tmp_path / "typed").mkdir()
    with pytest.raises(ModelFormatError, match="no other model 'typed'"):
        read_folder(folder)
    (tmp_path / "typed" / "model.yaml").touch()
    found = read_folder(folder).typed_alone
    assert found is not None
    assert found.model == "typed"
