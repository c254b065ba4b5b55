"""What is sold: products, SKUs, barcodes, bundles, shop codes, names."""
