CREATE TABLE comments (
  id BLOB PRIMARY KEY NOT NULL CHECK (is_uuid_v7(id)) DEFAULT (uuid_v7()),
  article BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;

INSERT INTO comments (article, text) SELECT id, 'The first comment on ' || title FROM articles;
