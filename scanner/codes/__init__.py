"""Text to what was scanned: own labels, GTIN, GS1, wedge clean-up. Pure; the one part core may import."""
