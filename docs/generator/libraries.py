"""`python -m docs.generator.libraries`: version, licence and installed size of each library that the project names."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def named(extra: str = "") -> list[str]:
    """The project's dependencies by name, those of an extra if one is given."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0] for each in wanted]


def main() -> None:
    """One line for each, largest first."""
    rows = []
    for name in named():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        files = [Path(str(file.locate())) for file in found.files or ()]
        size = sum(file.stat().st_size for file in files if file.exists())
        told = found.metadata.json
        named_so = str(told.get("license_expression") or told.get("license") or "").partition("\n")[0]
        classified = [str(each) for each in told.get("classifier", ()) if str(each).startswith("License")]
        licence = named_so or "".join(each.rpartition(":: ")[2] for each in classified)
        rows.append((size, f"{name:<18} {found.version:<16} {size / 1e6:6.1f} MB  {licence}"))
    print("\n".join(line for _, line in sorted(rows, reverse=True)))


if __name__ == "__main__":
    main()
