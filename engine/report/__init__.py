"""What a day was worth: evidence for each copy and each account, from the journal alone."""
