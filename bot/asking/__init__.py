"""What people ask for: found in the database, measured, ready to be shown."""
