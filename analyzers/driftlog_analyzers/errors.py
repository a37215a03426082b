"""What can go wrong, as one tree.

::

    DriftlogError                 a sentence for the user: what, where, what to do
    ├── InputError                a file, frame or column that cannot be used
    ├── ConfigError               a configuration or baseline file with problems
    ├── BaselineError             no baseline, or one that does not fit
    ├── KibanaError               Kibana is not there, too old, or refuses
    └── StoreError                the events could not be read completely
        └── ConflictError         another process saved the same things meanwhile; nothing was saved
"""

__all__ = [
    "BaselineError",
    "ConfigError",
    "ConflictError",
    "DriftlogError",
    "InputError",
    "KibanaError",
    "StoreError",
]


class DriftlogError(Exception):
    """The base of every error that an analyzer raises on purpose."""


class InputError(DriftlogError):
    """A file, frame or column that cannot be used."""


class ConfigError(DriftlogError):
    """A configuration or baseline file with problems, all of them named."""


class BaselineError(DriftlogError):
    """There is no baseline, or it does not fit what is analysed."""


class KibanaError(DriftlogError):
    """Kibana is not there, is too old, or refuses what it is asked."""


class StoreError(DriftlogError):
    """The store could not answer completely; nothing may be concluded."""


class ConflictError(StoreError):
    """Another process saved the same things meanwhile; look again and then save."""
