"""Training and evaluation: needs scikit-learn (the extra `train`) for training; nothing here runs when a message is triaged."""
