"""The learnt part of triage at run time: arrays and JSON, read with numpy alone."""
