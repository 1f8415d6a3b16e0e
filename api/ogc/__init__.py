"""OGC API Features at /ogc: pygeoapi as a library, built from the catalogue, without file or environment."""
