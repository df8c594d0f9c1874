-- A new table beside the old one, filled at once, and then given the old one's name.
CREATE TABLE users_v2 (
  id integer PRIMARY KEY,
  email text NOT NULL,
  name text,
  premium_level integer NOT NULL DEFAULT 0,
  created_at timestamptz DEFAULT now()
);
INSERT INTO users_v2 (id, email, name, premium_level, created_at) SELECT id, email, name, 0, created_at FROM users;
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_v2 RENAME TO users;
CREATE INDEX users_premium_level ON users (premium_level);
