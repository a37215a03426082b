"""``driftlog report`` where the baseline is kept elsewhere than the state."""


def test_a_baseline_that_is_not_kept_there(driftlog, spool):
    """After `analyze --baseline FILE` with a state elsewhere the report says to name the file, and takes it."""
    file = spool / "analysis" / "baselines" / "m" / "7.toml"
    place = ("--spool", spool, "--state", "mine")
    assert 0 == driftlog("analyze", *place, "--baseline", file).code
    done = driftlog("report", *place)
    expected = (
        "the windows of model 'm' were judged by a baseline that is not kept in mine/baselines;"
        " name it with --baseline PATH, as for analyze"
    )
    assert (1, expected) == (done.code, done.sentence)
    assert (0, "") == ((named := driftlog("report", *place, "--baseline", file)).code, named.err)


def test_a_baseline_that_does_not_fit(driftlog, spool, tmp_path):
    """What else is wrong with a baseline is said as before."""
    assert 0 == driftlog("analyze", "--spool", spool).code
    text = (spool / "analysis" / "baselines" / "m" / "7.toml").read_text()
    profile = (spool / "analysis" / "baselines" / "m" / "7.profile.json").read_bytes()
    (tmp_path / "7.toml").write_text(text.replace('model = "m"', 'model = "x"'))
    (tmp_path / "7.profile.json").write_bytes(profile)
    done = driftlog("report", "--spool", spool, "--baseline", "7.toml")
    assert (1, True) == (done.code, "is for model 'x', and the events are of 'm'" in done.sentence)
