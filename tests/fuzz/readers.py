"""Files of every kind with changed bytes: each is read, or refused by an error of riskscore's own.

    make fuzz MINUTES=60           # after comparing the two ways of reading
    python -m tests.fuzz.readers --minutes 60 --seed 12345 --only BGEN

A case is all in its seed. A fault is an exception of any other kind, a warning of Python, a crash,
or more than a minute; it is shown with the seed, and its file is kept. The command ends with 1 when
there was one. `tests/fuzz/test_readers.py` runs some cases in every `make test`.
"""

import argparse
import faulthandler
import gzip
import itertools
import json
import logging
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import pysam

from riskscore.errors import RiskscoreError
from tests.fuzz.mutations import NUMBERS, WORDS, mutate
from tests.fuzz.sound_files import Kind, sound_files

LOG = logging.getLogger(__name__)
SLOWEST = 60  # seconds for a case, more than which is a fault
_CUT = 0.15  # of the cases: the file ends early


def changed(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changes, or cut short."""
    if rng.random() < _CUT:
        return data[: rng.randrange(len(data))]
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        data = mutate(data, rng, rng.choice((WORDS, NUMBERS)), longer=True) or b"\n"
    return data


def check(kind: Kind, seed: int) -> str:
    """One case: "read" or "refused"; raises what is a fault. The files are sound again then."""
    rng = random.Random(seed)
    file = rng.choice(kind.files)
    sound = file.read_bytes()
    data = gzip.decompress(sound) if kind.packed else sound
    data = changed(data, rng)
    file.write_bytes(gzip.compress(data, 1) if kind.packed else data)
    try:
        kind.read(file)
    except RiskscoreError:
        verdict = "refused"
    else:
        verdict = "read"
    file.write_bytes(sound)
    return verdict


def run(options: argparse.Namespace) -> Counter[str]:
    """Cases by turns of every kind, until the time or the number of them is over."""
    kept = Path(tempfile.mkdtemp(prefix="riskscore-fuzz-"))
    kinds = sound_files(kept / "sound")
    for kind in kinds.values():
        for file in kind.files:
            kind.read(file)  # unchanged, each is read
    chosen = [name for name in kinds if options.only in (None, name)]
    end, counts = time.monotonic() + 60 * options.minutes, Counter[str]()
    for seed in itertools.count(options.seed):
        if time.monotonic() > end or seed - options.seed == options.cases:
            break
        name = chosen[seed % len(chosen)]
        faulthandler.dump_traceback_later(SLOWEST, exit=True)
        try:
            counts[f"{name}: {check(kinds[name], seed)}"] += 1
        except Exception:
            counts["faults"] += 1
            LOG.exception("seed %d, %s, files kept in %s", seed, name, kept / str(seed))
            shutil.copytree(kinds[name].files[0].parent, kept / str(seed))
            shutil.rmtree(kept / "sound")
            kinds = sound_files(kept / "sound")
    faulthandler.cancel_dump_traceback_later()
    if not counts["faults"]:
        shutil.rmtree(kept)
    return counts


def main() -> None:
    """Run cases for some minutes, and end with 1 when any failed."""
    parser = argparse.ArgumentParser(description="Read changed files of every kind.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cases", type=int, default=None, help="end after so many")
    parser.add_argument("--seed", type=int, default=None, help="the first; else one from the clock")
    parser.add_argument("--only", help="one kind of file")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    warnings.simplefilter("error")
    pysam.set_verbosity(0)  # type: ignore[no-untyped-call]
    if options.seed is None:
        options.seed = int(time.time()) * 1000
    counts = run(options)
    sys.stdout.write(json.dumps({"first seed": options.seed, **counts}, indent=1) + "\n")
    sys.exit(1 if counts["faults"] else 0)


if __name__ == "__main__":
    main()
