"""Codes and posters of the intake points: plain values in, bytes out; knows neither database nor web."""
