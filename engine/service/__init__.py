"""The clerk: the process that stores the journal and serves the control API."""
