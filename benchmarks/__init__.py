"""What a session costs, beside other libraries and as it grows; `make bench` runs it all."""
