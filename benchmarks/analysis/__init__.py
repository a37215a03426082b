"""Race 5: the analysis of one window of 50 features, beside a raw SQL profile and the peers."""
