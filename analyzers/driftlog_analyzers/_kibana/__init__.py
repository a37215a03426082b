"""The dashboards as config: from the reviewable files of ``kibana/`` to what Kibana imports, and back."""

from driftlog_analyzers._kibana._links import events_link

__all__ = ["events_link"]
