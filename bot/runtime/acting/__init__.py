"""From a wish to its proof: confirmed by its level, sent once, followed until the broker's own reports show it."""
