"""Settings and the files a district may change."""
