import re
import sys
import urllib.request

import pytest

from driftlog_analyzers._profile import FeatureProfile, Numeric, WindowProfile
from driftlog_analyzers._prometheus import serve
from driftlog_analyzers._schedule._metrics import FEATURES, Figures, feature_figures
from driftlog_analyzers.cli._ship_metrics import SpoolFigures
from driftlog_analyzers.errors import ConfigError
from tests.analyzers.notify.receivers import free_port
from tests.analyzers.spools import write

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def scraped(port):
    """What Prometheus reads, by name and labels."""
    with DIRECT.open(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_the_account_of_a_spool(tmp_path):
    """The shipper's figures are the account of each spool that is there; one that comes later is left out."""
    write(tmp_path / "spool", [{"x": 1}] * 7)
    port = free_port()
    serve(f"127.0.0.1:{port}", [SpoolFigures([tmp_path / "spool", tmp_path / "later"])])
    found = scraped(port)
    spool = f'{{spool="{tmp_path / "spool"}"}}'
    assert ("7.0", "0.0", "7.0") == (
        found[f"driftlog_ship_accepted_total{spool}"],
        found[f"driftlog_ship_indexed_total{spool}"],
        found[f"driftlog_ship_unsent{spool}"],
    )
    assert [] == [name for name in found if "later" in name]


def test_few_of_very_many_features_are_told():
    """A model of a thousand features has the figures of the first two hundred by name, and no value as a label."""
    feature = FeatureProfile(numbers=10, numeric=Numeric(10, 3.0, 1.0, 1.0, 5.0))
    profile = WindowProfile(10, features={f"f{n:04}": feature for n in range(1000)})
    found = dict(feature_figures(profile))
    assert FEATURES == len({name for name, _ in found})
    assert (1.0, 0.0, 3.0) == tuple(
        found["f0000", figure] for figure in ("present", "null", "mean")
    )


@pytest.mark.parametrize("address", ["9464", ":x", "host:0", ":70000", ""])
def test_what_is_no_address(address):
    """An address that cannot be one is told with one that can."""
    with pytest.raises(ConfigError, match="is no address for metrics"):
        serve(address, [Figures()])


def test_an_address_in_use():
    """Two cannot answer at one address; the second one is told so."""
    address = f"127.0.0.1:{free_port()}"
    serve(address, [Figures()])
    with pytest.raises(ConfigError, match=re.escape(f"cannot be served at {address}")):
        serve(address, [Figures()])


def test_without_the_client(driftlog, monkeypatch, tmp_path):
    """Where prometheus-client is not installed a sentence says what to install."""
    (tmp_path / "spool").mkdir()
    for name in [name for name in sys.modules if name.startswith("driftlog_analyzers._prometheus")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    done = driftlog("run", "--once", "--spool", tmp_path / "spool", "--metrics", ":19467")
    assert 1 == done.code
    assert done.sentence.endswith("run: pip install prometheus-client")
