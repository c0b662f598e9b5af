"""What people do: funnels, retention, paths, journeys, segments, over single events and whole people."""
