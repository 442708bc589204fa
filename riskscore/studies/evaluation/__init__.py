"""How well scores predict: discrimination, calibration, net benefit."""
