"""What is shown: frozen Pydantic models, one file a resource. Imports no tables."""
