"""What every part stands on: errors, scope, clock, time ranges, safe SQL text."""
