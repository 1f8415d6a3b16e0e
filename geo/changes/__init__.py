"""What was committed is what is served: the pump reads the change log, workers follow it."""
