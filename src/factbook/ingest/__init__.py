"""From bytes to durable rows: decode, check, enrich, identify, de-duplicate, journal, write to the warehouse."""
