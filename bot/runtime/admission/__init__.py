"""What comes in is let in once, from a known person, in a known chat; and what every part behind works with."""
