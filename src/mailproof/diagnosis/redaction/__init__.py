"""What nobody may see: secrets, addresses, names, and the words of the mail itself."""
