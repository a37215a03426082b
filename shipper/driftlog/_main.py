"""The door of the ``driftlog`` command: opens the analyzers' CLI, or says what to install."""

import sys


def main() -> None:
    """Run the command line, or name the missing extra."""
    try:
        from driftlog_analyzers.cli import main as run  # noqa: PLC0415 - the command line is an extra
    except ImportError as error:
        if error.name and error.name.partition(".")[0] == "driftlog_analyzers":
            raise
        sys.exit(
            f"The driftlog command needs the analyzers ({error.name} is missing): "
            "pip install 'driftlog[analyzers]'"
        )
    run()
