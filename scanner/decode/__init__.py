"""Pictures to barcodes: opening them within limits, two engines, a cascade of attempts, a process pool."""
