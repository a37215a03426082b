"""Log every prediction of a model service; see ``PredictionLogger``."""
