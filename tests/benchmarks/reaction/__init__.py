"""How long a version that fails goes on serving, from the scrape that makes the evidence against it sufficient."""
