"""The command line behind ``run_all.py``: options, commands, and what is told of them.

Only light modules are imported here: a run with nothing to do waits for no data frame.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from compendium.cli.console import Console
from compendium.cli.options import COMMANDS, EXAMPLES, command_help, general_help, parse
from compendium.errors import EXIT_FAILED, CompendiumError

__all__ = ["COMMANDS", "EXAMPLES", "main"]

EXIT_STOPPED = 130
"""Status when the run was interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Without the program's name; those of the process when ``None``.

    Returns
    -------
    int
        0 when all went well; 1 when something failed or differs; 2 when the input is wrong; 130 when interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    console, debug = Console("--quiet" in arguments, "--json" in arguments), "--debug" in arguments
    try:
        return _run(arguments, console)
    except KeyboardInterrupt as stopped:
        console.complain(stopped, EXIT_STOPPED)
        return EXIT_STOPPED
    except (CompendiumError, OSError) as error:
        if debug:
            raise
        status = error.exit_status if isinstance(error, CompendiumError) else EXIT_FAILED
        console.complain(error, status)
        return status


def _run(arguments: list[str], console: Console) -> int:
    options = parse(arguments)
    if options.help:
        print(command_help(options.command) if options.named else general_help())
        return 0
    from compendium.cli.commands import RUN

    return RUN[options.command](options, console)
