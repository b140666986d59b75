"""Fault server for tests of callers: this service with invented content, and every answer that a client must handle, on request.

`procedure-kb fault-server` runs it; `pytest_plugins = ["app.testing.pytest_plugin"]` starts it for a test run. Nothing in the service
imports this package.
"""
