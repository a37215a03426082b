"""The detection benchmark: how often driftlog and its peers alert without a fault, and which faults they find."""
