"""The bank's services as time moves them: what is due is done, in one transaction with its rows."""
