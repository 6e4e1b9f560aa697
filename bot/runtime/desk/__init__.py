"""What the bot knows of the desk: its names, what was seen of it last, and how much of it somebody may see."""
