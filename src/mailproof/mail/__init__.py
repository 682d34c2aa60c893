"""What a mail is: its parts, its life, its purpose. No network, no disk, no clock of its own."""
