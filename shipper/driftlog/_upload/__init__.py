"""From the spool to Elasticsearch: at least once, each event's outcome known, none counted twice.

Needs the extra ``driftlog[upload]``, and loads the Elasticsearch client only to connect.
"""

from driftlog._upload._connect import connect
from driftlog._upload._settings import Upload
from driftlog._upload._status import Status, read_status
from driftlog._upload._thread import UploaderHandle, ship, start_uploader
from driftlog._upload._uploader import Shipped

__all__ = [
    "Shipped",
    "Status",
    "Upload",
    "UploaderHandle",
    "connect",
    "read_status",
    "ship",
    "start_uploader",
]
