"""Finding out what a link or words stand for: catalogues, lists, and recordings to choose from."""
