"""Views and notices to cards, in the look of the chat design; pure, and the same for every platform."""
