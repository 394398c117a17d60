"""What both the web and the workers read in residents' words: forms for matching, places, words of the taxonomy. Pure functions."""
