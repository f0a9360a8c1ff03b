"""The neighbours section: what a quiet site gets while another site of the same server attacks."""
