from driftlog._upload import Upload, ship
from driftlog_analyzers._elasticsearch._store import ElasticsearchStore
from driftlog_analyzers._spool_store import SpoolStore
from driftlog_analyzers._window import CountSize
from tests.analyzers.spools import EVERYTHING, MODEL, assert_equal_profiles, write
from tests.analyzers.test_scan import SPEC, TEXTS, mixed_rows
from tests.contract.shipping import stream


def test_what_the_uploader_ships(client, elasticsearch_url, installed, tmp_path):
    """Events that the uploader itself carried there give the spool's answers."""
    write(tmp_path, mixed_rows(4, 300), text=TEXTS)
    ship(tmp_path, Upload(url=elasticsearch_url, namespace=installed, keep=None), until_empty=True)
    client.indices.refresh(index=stream(installed))
    store = ElasticsearchStore(client, installed)

    with SpoolStore(tmp_path) as spool:
        assert spool.extent(MODEL) == store.extent(MODEL)
        windows = spool.windows(MODEL, CountSize(70))
        assert windows == store.windows(MODEL, CountSize(70))
        for window in (*windows, EVERYTHING):
            (one,), (other,) = spool.profiles(SPEC, [window]), store.profiles(SPEC, [window])
            assert_equal_profiles(one, other)
