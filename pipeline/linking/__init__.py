"""Events to links: candidates, what speaks for and against each, and the probability that follows."""
