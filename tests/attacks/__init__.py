"""What an attacker could try with a file or an argument, one file per attack, each with what must happen."""
