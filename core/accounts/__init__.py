"""Who we are: merchants, their shops and people, and what each may do."""
