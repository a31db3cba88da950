"""A study: a folder with a Frictionless Data Package, read into typed data frames."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from compendium.data.descriptor import PACKAGE_FILE, check_descriptor
from compendium.errors import InputError, Problem, unknown

if TYPE_CHECKING:
    import pandas as pd

BIBLIOGRAPHY_FILE = "references.bib"
_DTYPES = {"integer": "Int64", "number": "float64", "string": "object", "date": "object", "year": "Int64"}


F = TypeVar("F", bound=Callable[..., Any])


class Study:
    """The data of one study.

    Every table is an attribute, which the prompt completes: ``study.screening_flow`` is the table ``screening-flow`` as
    a data frame with the types of its schema, and ``study.describe("screening-flow")`` says what its columns mean.

    Parameters
    ----------
    folder
        The folder that holds ``datapackage.json``.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    package : dict
        Its descriptor.
    remembered : dict
        What :func:`once_per_study` keeps.
    files_read : set of str
        Files read so far, relative to `folder`; what a stage depends on.
    original : Study
        The study itself, or for one made by :meth:`with_tables` the study that it was made from.

    Raises
    ------
    InputError
        The folder or its descriptor is missing or is not a data package.

    Examples
    --------
    >>> from compendium import Study
    >>> Study().table("appraisal-components")["component_id"].tolist()
    ['mq', 'mr', 'tr']
    >>> Study().appraisal_components["label"].tolist()
    ['MQ', 'MR', 'TR']
    """

    def __init__(self, folder: str | Path | None = None):
        from compendium.paths import BUNDLED_STUDY

        self.folder = Path(folder).resolve() if folder else BUNDLED_STUDY
        self.package = read_package(self.folder)
        self._tables: dict[str, pd.DataFrame] = {}
        self.remembered: dict[Any, Any] = {}
        self.files_read: set[str] = set()
        self._original: Study | None = None

    def __repr__(self) -> str:
        groups: dict[str, list[str]] = {}
        for name in self.resources:
            groups.setdefault(name.partition("-")[0], []).append(name.replace("-", "_"))
        lines = [f"Study({self.title!r}, {len(self.resources)} tables)"]
        return "\n".join([*lines, *(f"  {', '.join(names)}" for names in groups.values())])

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or "package" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        table = name.replace("_", "-")
        if table not in self.resources:
            (problem,) = unknown("table", name, [n.replace("-", "_") for n in self.resources]).problems
            raise AttributeError(str(problem))
        return self.table(table)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name.replace("-", "_") for name in self.resources)})

    @property
    def original(self) -> Study:
        """The study that this one was made from by :meth:`with_tables`; itself where it was read from files."""
        return self._original or self

    def with_tables(self, tables: Mapping[str, pd.DataFrame]) -> Study:
        """Return the same study with other rows in some of its tables, to see what would follow from them."""
        other = copy.copy(self)
        other._tables = {**self._tables, **{name: frame.copy() for name, frame in tables.items()}}
        other.remembered = {}
        other._original = self.original
        return other

    def describe(self, name: str) -> pd.DataFrame:
        """Say what the columns of a table mean.

        Parameters
        ----------
        name
            Name of the table, with hyphens or underscores.

        Returns
        -------
        pandas.DataFrame
            One row per column: ``column``, ``type``, ``description``, ``allowed`` (values of a fixed list).
        """
        import pandas as pd

        table = name.replace("_", "-")
        self.path(table)  # which knows the names that there are
        rows = [
            {
                "column": field["name"],
                "type": field.get("type", "string"),
                "description": field.get("description", ""),
                "allowed": ", ".join(map(str, field.get("constraints", {}).get("enum", []))),
            }
            for field in self.resources[table]["schema"]["fields"]
        ]
        return pd.DataFrame(rows)

    @property
    def title(self) -> str:
        """Title of the study, as its data package gives it."""
        return str(self.package.get("title") or self.package.get("name") or self.folder.name)

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Descriptors of the tables by name, in the order of the package."""
        return {r["name"]: r for r in self.package["resources"] if "schema" in r}

    @property
    def names(self) -> list[str]:
        """Names of the tables."""
        return list(self.resources)

    def __iter__(self) -> Iterator[str]:
        return iter(self.resources)

    def __contains__(self, name: str) -> bool:
        return name in self.resources

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.table(name)

    def path(self, name: str) -> Path:
        """Path of a table's file."""
        if name not in self.resources:
            raise unknown("table", name, self.resources)
        return self.folder / str(self.resources[name]["path"])

    def table(self, name: str) -> pd.DataFrame:
        """Read a table with the types of its schema.

        Parameters
        ----------
        name
            Name of the resource, such as ``screening-flow``.

        Returns
        -------
        pandas.DataFrame
            A fresh copy; text columns hold ``str`` with ``""`` where nothing is reported, integer columns
            are ``Int64`` with ``<NA>``.
        """
        if name not in self._tables:
            self._tables[name] = _read_csv(self.path(name), self.resources[name]["schema"])
            self.files_read.add(str(self.resources[name]["path"]))
        return self._tables[name].copy()

    def primary_key(self, name: str) -> list[str]:
        """Columns that identify a row of a table."""
        key = self.resources[name]["schema"].get("primaryKey", [])
        return [key] if isinstance(key, str) else list(key)

    @cached_property
    def bibliography(self) -> dict[str, dict[str, str]]:
        """Bibliographic entries by citation key, in the order of the file; see :mod:`compendium.data.bibliography`."""
        from compendium.data.bibliography import read_bibliography

        path = self.folder / BIBLIOGRAPHY_FILE
        self.files_read.add(BIBLIOGRAPHY_FILE)
        return read_bibliography(path) if path.is_file() else {}


def once_per_study(function: F) -> F:
    """Compute a function of a study and further arguments once, and then return copies of what it gave.

    A study's tables do not change once they are read, and some results are needed hundreds of times in a notebook.
    """

    @wraps(function)
    def remembering(study: Study, *arguments: Any, **named: Any) -> Any:
        key = (function.__module__, function.__qualname__, arguments, tuple(sorted(named.items())))
        if key not in study.remembered:
            study.remembered[key] = function(study, *arguments, **named)
        return study.remembered[key].copy()

    return cast(F, remembering)


def read_package(folder: Path) -> dict[str, Any]:
    """Read a study's descriptor.

    Raises
    ------
    InputError
        No such folder, no descriptor, or one that is not a data package in JSON.
    """
    path = folder / PACKAGE_FILE
    if not path.is_file():
        reason = "no such folder" if not folder.is_dir() else f"the folder has no {PACKAGE_FILE}"
        raise InputError(
            Problem(field="study", value=str(folder), reason=reason, allowed="a folder with a data package")
        )
    try:
        package = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        row = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputError(Problem(PACKAGE_FILE, row, reason=f"is not JSON in UTF-8 ({error})", allowed="JSON")) from None
    problems = check_descriptor(package)
    if problems:
        raise InputError(problems)
    return dict(package)


def _read_csv(path: Path, schema: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd  # here, so that a run with nothing to do does not wait for it

    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for field in schema["fields"]:
        dtype = _DTYPES.get(field.get("type", "string"), "object")
        column = raw[field["name"]]
        raw[field["name"]] = column.astype(object) if dtype == "object" else _numbers(column, dtype)
    return raw


def _numbers(column: pd.Series, dtype: str) -> pd.Series:
    import pandas as pd

    return pd.to_numeric(column.where(column != "", None)).astype(dtype)  # type: ignore[call-overload,no-any-return]


def each_row(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples."""
    return list(frame.itertuples(index=False))


def split_list(cell: str) -> list[str]:
    """Split a cell that holds a list (``a; b; c``) into its members."""
    return [part.strip() for part in cell.split(";") if part.strip()]
