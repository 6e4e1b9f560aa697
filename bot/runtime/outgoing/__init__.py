"""From a card to the platform: kept, veiled, sent by urgency and within budgets, edited in place."""
