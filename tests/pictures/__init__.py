"""Pictures of what people see in Slack: messages drawn as a page, and photographed by a headless Chromium."""
