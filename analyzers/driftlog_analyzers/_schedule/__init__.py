"""What runs by itself: which windows are due, who works on them, and what is told of that. See docs/schedule.md."""
