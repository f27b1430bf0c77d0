"""Training and measuring; needs scikit-learn and NLTK."""
