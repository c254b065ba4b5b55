"""What a scan says and what a label shows: codes, decoding, labels; knows no database and no front."""
