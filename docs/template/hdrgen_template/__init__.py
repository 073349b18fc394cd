"""Classes that join hdrgen, as `pyproject.toml` says. It imports nothing: each is imported when it is used."""
