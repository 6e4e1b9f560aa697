"""Chat platforms, one package each; none knows another, a command or the engine."""
