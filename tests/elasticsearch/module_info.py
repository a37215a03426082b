"""Make a compiled Java module do without other modules: those that a runtime from PyPI leaves out.

Elasticsearch's entitlement module requires two modules of a full JDK, only to watch code that uses them. Nothing here
does, so the requirement becomes ``requires static``: wanted when compiling, not when running (JVMS 4.7.25).
"""

import struct
import zipfile
from pathlib import Path

_STATIC = 0x0040
_UTF8, _MODULE = 1, 19
_SIZES = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}
_NAME = "module-info.class"


def loosen_jar(path: Path, names: frozenset[str]) -> None:
    """Rewrite a jar whose module requires `names` so that they may be missing."""
    loosened = path.with_suffix(".loosened")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(loosened, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry, loosen(data, names) if entry.filename == _NAME else data)
    loosened.replace(path)


def loosen(data: bytes, names: frozenset[str]) -> bytes:
    """The same ``module-info.class``, its requirements of `names` made static."""
    strings, modules, position = _constants(data)
    changed = bytearray(data)
    (attributes,) = struct.unpack_from(">H", data, position + 12)
    position += 14
    for _ in range(attributes):
        name, length = struct.unpack_from(">HI", data, position)
        if strings[name] == "Module":
            (count,) = struct.unpack_from(">H", data, position + 12)
            for start in range(position + 14, position + 14 + 6 * count, 6):
                required, flags = struct.unpack_from(">HH", data, start)
                if strings[modules[required]] in names:
                    struct.pack_into(">H", changed, start + 2, flags | _STATIC)
        position += 6 + length
    return bytes(changed)


def _constants(data: bytes) -> tuple[dict[int, str], dict[int, int], int]:
    """Strings and modules of the constant pool by index, and where the pool ends."""
    strings: dict[int, str] = {}
    modules: dict[int, int] = {}
    (count,) = struct.unpack_from(">H", data, 8)
    index, position = 1, 10
    while index < count:
        tag = data[position]
        if tag == _UTF8:
            (length,) = struct.unpack_from(">H", data, position + 1)
            strings[index] = data[position + 3 : position + 3 + length].decode(errors="replace")
            position += 3 + length
        else:
            if tag == _MODULE:
                (modules[index],) = struct.unpack_from(">H", data, position + 1)
            position += 1 + _SIZES[tag]
        index += 2 if tag in {5, 6} else 1
    return strings, modules, position
