"""From a notice to a person who has it."""
