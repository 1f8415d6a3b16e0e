"""Finding the command, preparing what it needs, running it, and turning what went wrong into a sentence."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any, NoReturn

from cli import commands
from cli.bootstrap.paths import REPO, TOOLS, VENV_PYTHON
from cli.bootstrap.prepare import prepare
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import complain, tolerant_output

INSIDE = "DIABAN_INSIDE"
# Container images install everything while they are built.
PREPARED = "DIABAN_PREPARED"


def main(argv: list[str]) -> int:
    """Run one command line; the exit code."""
    tolerant_output()
    try:
        return _run(argv)
    except sentences() as error:
        complain(error.vi, error.en)
        return getattr(error, "code", 1)
    except KeyboardInterrupt:
        complain("Đã dừng theo yêu cầu.", "Stopped on request.")
        return 130
    except BrokenPipeError:
        # The reader of our output has seen enough (`./diaban up | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        reason = f"{error.strerror} {error.filename or ''}"
        complain(f"Hệ điều hành từ chối: {reason}", f"The system refused: {reason}")
        return 1


def _run(argv: list[str]) -> int:
    arguments, rest = parser().parse_known_args(argv)
    command = arguments.command
    if rest and not getattr(command, "PASSES_ON", False):
        parser().error(f"không rõ · not understood: {' '.join(rest)}")
    arguments.rest = rest
    from_here(arguments)
    needs: tuple[str, ...] = getattr(command, "NEEDS", ())
    if needs and not inside():
        if hasattr(command, "check"):
            command.check(arguments)
        prepare(needs)
        _go_inside(argv)
    code = command.run(arguments)
    return int(code or 0)


def from_here(arguments: argparse.Namespace) -> None:
    """Files that a person names are of the folder in which they are: commands go to the checkout."""
    for name, value in vars(arguments).items():
        if isinstance(value, Path):
            setattr(arguments, name, value.absolute())
        elif isinstance(value, list) and any(isinstance(each, Path) for each in value):
            setattr(arguments, name, [Path(each).absolute() for each in value])


def sentences() -> tuple[Any, ...]:
    """The exceptions that say in two languages what a person has to do; the core's own once it is loaded."""
    core = sys.modules.get("geo.errors")
    return (Stop,) if core is None else (Stop, core.DiabanError)


def inside() -> bool:
    """Whether everything is prepared and this is the Python that has the packages."""
    # The number of this process, which `exec` keeps: what we start ourselves does not inherit the answer.
    return os.environ.get(INSIDE) == str(os.getpid()) or PREPARED in os.environ


def _go_inside(argv: list[str]) -> NoReturn:
    os.environ[INSIDE] = str(os.getpid())
    # Compiling the packages at every start costs seconds; the compiled form lies apart from the sources.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(TOOLS / "bytecode"))
    sys.stdout.flush()
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(REPO / "diaban"), *argv])  # noqa: S606


def parser() -> argparse.ArgumentParser:
    """The parser of all commands: each file of ``cli/commands`` is one."""
    whole = argparse.ArgumentParser(
        prog="./diaban",
        description="Diaban: nền tảng không gian của một tỉnh · the spatial platform of a province",
        epilog="./diaban LỆNH --help: giải thích một lệnh · explains one command",
    )
    each = whole.add_subparsers(metavar="LỆNH · COMMAND", required=True)
    for found in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        command: Any = importlib.import_module(f"{commands.__name__}.{found.name}")
        text = (command.__doc__ or "").strip()
        one = each.add_parser(
            # A module cannot be called `import`: import_.py is that command.
            found.name.rstrip("_"),
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.arguments(one)
        one.set_defaults(command=command)
    return whole
