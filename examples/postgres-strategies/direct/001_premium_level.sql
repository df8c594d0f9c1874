-- One statement for the column, one for its index.
ALTER TABLE users ADD COLUMN premium_level integer NOT NULL DEFAULT 0;
CREATE INDEX CONCURRENTLY users_premium_level ON users (premium_level);
