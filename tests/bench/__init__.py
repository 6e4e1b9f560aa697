"""The benchmark: from the leader's fill frame to the last follower's order frame, timed at a venue in its own process."""
