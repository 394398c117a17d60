"""What Lighthouse says about the pages that residents open."""
