CREATE TABLE editors (
  email TEXT PRIMARY KEY CHECK (is_email(email)),
  password_hash TEXT NOT NULL
) STRICT;

INSERT INTO editors VALUES ('editor@example.com', hash_password('change me'));
