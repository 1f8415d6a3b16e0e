"""Files and feeds into layers."""
