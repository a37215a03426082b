"""The ``driftlog`` command."""

from driftlog_analyzers.cli._app import main

__all__ = ["main"]
