"""A user's own photographs to predict from, one by one or as brackets."""
