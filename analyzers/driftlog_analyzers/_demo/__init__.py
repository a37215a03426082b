"""The demo: a service with known faults, and what driftlog finds of them."""
