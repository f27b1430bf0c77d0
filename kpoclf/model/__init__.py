"""What a trained model is: weights, scorer, calibration, folder."""
