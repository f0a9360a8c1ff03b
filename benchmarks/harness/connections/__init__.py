"""The connections section: what a call to a third party costs, how tokens are renewed, how streams pass."""
