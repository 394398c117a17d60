"""值班: emergencies, for whoever is called to them."""
