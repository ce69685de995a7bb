"""How every command starts, and how a user's mistake is answered."""
