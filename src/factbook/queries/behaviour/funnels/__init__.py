"""Funnels: how many people go on from step to step, how long it takes them, and who turns away where."""
