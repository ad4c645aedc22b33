"""Songs rendered by code, and the small `starter` network trained on them."""
