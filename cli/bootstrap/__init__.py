"""What brings a bare machine to a running Diaban. Standard library only, Python 3.9 and up."""
