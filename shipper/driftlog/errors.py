"""What can go wrong in the shipper, as one tree.

::

    ShipperError            a sentence for the user: what, where, what to do
    ├── SettingsError       an argument that makes no sense
    └── SpoolError          a spool that cannot be used (raised by readers, never by ``log()``)
"""

__all__ = ["SettingsError", "ShipperError", "SpoolError"]


class ShipperError(Exception):
    """The base of every error that the shipper raises on purpose."""


class SettingsError(ShipperError, ValueError):
    """An argument of a constructor that makes no sense."""


class SpoolError(ShipperError):
    """A spool that cannot be used."""
