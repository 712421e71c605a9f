"""The files that are ours, for the tests in this folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("core", "models", "workloads", "results", "experiments", "bindings", "tests")
OTHER = (".ci", "docs")
GENERATED = (ROOT / "results" / "output",)


def files(*suffixes: str, folders: tuple[str, ...] = CODE + OTHER) -> list[Path]:
    """Files with one of the suffixes (all if none is given) in our folders, generated ones left out."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and (not suffixes or path.suffix in suffixes)
        and not any(path.is_relative_to(place) for place in GENERATED)
        and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    )


def top_files() -> list[Path]:
    return sorted(path for path in ROOT.iterdir() if path.is_file() and path.name != ".git")  # of a worktree


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
