"""The data section: items of Wix Data v2, read, inserted and listed; on PostgreSQL; and as they grow."""
