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
        size = sum(Path(str(file.locate())).stat().st_size for file in found.files or () if file.locate().exists())
        told = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
        classified = [each for each in found.metadata.get_all("Classifier") or () if each.startswith("License")]
        licence = told.splitlines()[0] if told else "".join(each.rpartition(":: ")[2] for each in classified)
        rows.append((size, f"{name:<18} {found.version:<16} {size / 1e6:6.1f} MB  {licence}"))
    print("\n".join(line for _, line in sorted(rows, reverse=True)))


if __name__ == "__main__":
    main()
