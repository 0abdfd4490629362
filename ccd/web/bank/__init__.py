"""The acts of the Time Bank over HTTP: one router a service, which asks the service's own shell, and says that."""
