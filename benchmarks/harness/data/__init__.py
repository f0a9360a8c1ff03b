"""The data section: items read, inserted and listed; on PostgreSQL, too; and as they grow."""
