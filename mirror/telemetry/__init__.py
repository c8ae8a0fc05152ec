"""What the server tells about itself: metrics, logs, and its state to the service manager."""
