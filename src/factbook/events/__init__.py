"""The event: its fields, its rules, its known types, the filters over it. No I/O."""
