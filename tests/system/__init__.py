"""What the demo and the end-to-end tests share: Seatrial installed on a cluster, and used as a person would use it."""
