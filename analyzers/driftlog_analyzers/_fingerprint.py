"""What decides the results of a run, as the short texts that profiles and evaluations are kept under."""

from hashlib import blake2b

from driftlog_analyzers._baseline import Baseline
from driftlog_analyzers._calibration import WORDS
from driftlog_analyzers._json import to_json
from driftlog_analyzers._reference import profile_spec
from driftlog_analyzers._settings import Settings
from driftlog_analyzers._store import ProfileSpec
from driftlog_analyzers._window import WindowSize


def baseline_label(baseline: Baseline, settings: Settings, size: WindowSize) -> str:
    """How `Evaluation.baseline` begins for this baseline under these settings."""
    return run_label(baseline, settings, size, profile_fingerprint(profile_spec(baseline)))


def run_label(baseline: Baseline, settings: Settings, size: WindowSize, fingerprint: str) -> str:
    """The same, where the fingerprint of how windows are profiled is known."""
    calibration = baseline.calibration(size)
    rules = repr((sorted(baseline.constraints.items()), sorted(baseline.outputs.items())))
    moves = to_json(calibration) if calibration else b""
    labels = to_json(baseline.quality) if baseline.quality else b""
    labels += to_json(baseline.joint) if baseline.joint else b""
    key = _hash(
        to_json(baseline.profile), rules, fingerprint, _settings_key(settings), moves, labels
    )
    beside = f" beside {WORDS[calibration.mode]}" if calibration else ""
    return f"{baseline.name}{beside} ({key}"


def profile_fingerprint(spec: ProfileSpec) -> str:
    """Tells how windows are profiled: profiles of one fingerprint can merge."""
    return _hash(_stable(spec))


def _stable(spec: ProfileSpec) -> str:
    """The spec as text that is the same in every process."""
    roles = [
        [
            (name, s.edges, s.minimum, s.maximum, sorted(s.vocabulary or ()))
            for name, s in sorted(role.items())
        ]
        for role in (spec.features, spec.predictions)
    ]
    return repr((*roles, spec.slices))


def _settings_key(settings: Settings) -> str:
    names = sorted(settings.disabled), sorted(settings.ignored), sorted(settings.thresholds.items())
    plain = settings.budget, settings.min_events, settings.version, settings.max_age
    return repr((*plain, *names, settings.feedback))


def _hash(*parts: str | bytes) -> str:
    digest = blake2b(digest_size=6)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.hexdigest()
