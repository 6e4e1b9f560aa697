"""When the exchange trades and when news is due: built by a short-lived process, read by the hot one as plain files."""
