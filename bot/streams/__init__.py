"""Value streams: kept by version, measured by journeys, mapped in a conversation, drawn, reviewed."""
