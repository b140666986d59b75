"""Response models: frozen Pydantic classes, one file per resource. Imports no tables."""
