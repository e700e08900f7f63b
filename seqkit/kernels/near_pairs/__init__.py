"""The pairs of near rows whose difference lies most along a direction."""
