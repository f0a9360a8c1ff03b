"""The events section: webhooks stored and acknowledged, delivered; and both with many of them stored."""
