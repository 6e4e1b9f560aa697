"""The pure part: text to arguments, views to cards, confirmations, rights."""
