"""One file per version of the schema, numbered, never changed once released."""
