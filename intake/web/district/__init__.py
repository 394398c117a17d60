"""区政协工作人员: screening."""
