"""From linear radiance to display values in [0, 1], one operator per file."""

from hdrgen.tonemap.mu_law import inverse_mu_law, mu_law
from hdrgen.tonemap.reinhard2002 import reinhard2002
from hdrgen.tonemap.reinhard2005 import reinhard2005

__all__ = ["inverse_mu_law", "mu_law", "reinhard2002", "reinhard2005"]
