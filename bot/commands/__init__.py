"""Commands, one file each; a new file is a new command."""
