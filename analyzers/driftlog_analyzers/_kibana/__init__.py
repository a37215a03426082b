"""The dashboards as config: from the reviewable files of ``kibana/`` to what Kibana imports, and back."""
