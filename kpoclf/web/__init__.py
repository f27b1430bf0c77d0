"""The local web application and its HTTP API; needs the extra ``web``."""
