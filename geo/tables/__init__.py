"""From a layer's description to its tables, indexes, triggers and policies."""
