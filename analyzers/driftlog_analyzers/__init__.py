"""Profiles, baselines, detectors and alerts over the prediction log."""
