"""The engine for photographs of one scene: reading, aligning and merging a bracket, and what it tells of a camera."""
