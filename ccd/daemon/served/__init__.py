"""What whoever acts over HTTP is given: questions and acts, put together of a site."""
