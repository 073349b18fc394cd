"""From linear radiance to display values in [0, 1], one operator per file."""

from hdrgen.tonemap.mu_law import inverse_mu_law, mu_law

__all__ = ["inverse_mu_law", "mu_law"]
