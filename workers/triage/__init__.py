"""Triage: pure functions from a message to a finding and a suggestion; knows neither the database nor the web."""
