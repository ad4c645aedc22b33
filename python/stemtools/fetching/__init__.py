"""Getting bytes from the outside: what may be asked, by whom, and how much of it."""
