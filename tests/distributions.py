"""Check what a built wheel and sdist hold: ``python tests/distributions.py DIST``."""

import sys
import tarfile
import zipfile
from pathlib import Path

SDIST = {
    "kpoclf", "data", "models", "notebooks", "tests", "docs", "benchmarks",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore",
}  # fmt: skip


def check(dist: Path) -> list[str]:
    """Faults found; empty if none."""
    faults = []
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    faults += [
        f"{wheel.name} lacks {name}"
        for name in (
            "kpoclf/py.typed",
            "kpoclf/judge/explanation.css",
            "kpoclf/web/templates/base.html",
            "kpoclf/web/static/page.css",
            "kpoclf/web/static/page.js",
            "kpoclf/_shipped/data/taxonomy.toml",
            "kpoclf/_shipped/data/examples/postings.csv",
            "kpoclf/_shipped/models/default/model.json",
            "kpoclf/_shipped/models/default/weights.npz",
        )
        if name not in names
    ]
    tops = {name.split("/")[0] for name in names}
    faults += [f"{wheel.name} holds {t}" for t in tops if t != "kpoclf" and "dist-info" not in t]
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        parts = [name.split("/") for name in archive.getnames()]
    found = {p[1] for p in parts if len(p) > 1}
    faults += [f"{sdist.name} lacks {name}" for name in sorted(SDIST - found - {".gitignore"})]
    faults += [f"{sdist.name} holds {name}" for name in sorted(found - SDIST)]
    stray = [p for p in parts if "__pycache__" in p or p[-1].endswith((".pyc", ".part"))]
    faults += [f"{sdist.name} holds {'/'.join(p)}" for p in stray]
    return faults


if __name__ == "__main__":
    problems = check(Path(sys.argv[1]))
    print("\n".join(problems) or "wheel and sdist hold what they should")  # noqa: T201
    sys.exit(bool(problems))
