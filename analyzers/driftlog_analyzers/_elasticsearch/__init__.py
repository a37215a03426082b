"""What driftlog keeps in Elasticsearch, and how it is installed there."""
