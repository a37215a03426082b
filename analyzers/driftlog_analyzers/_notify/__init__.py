"""Telling people of incidents: what is to be told (pure), by which routes, and how it gets there.

Incidents become intents, which are stored before anything is sent; what waits is delivered route by route, at least
once, and a trigger at most once.
"""
