-- A column that may be null, filled in batches that are committed one by one, and only then NOT NULL.
ALTER TABLE users ADD COLUMN premium_level integer;

DO $$
DECLARE
  batch CONSTANT integer := 50000;
  last integer := 0;
  most integer;
BEGIN
  SELECT max(id) INTO most FROM users;
  WHILE last < most LOOP
    UPDATE users SET premium_level = 0 WHERE id > last AND id <= last + batch;
    last := last + batch;
    COMMIT;
  END LOOP;
END $$;

ALTER TABLE users ALTER COLUMN premium_level SET NOT NULL, ALTER COLUMN premium_level SET DEFAULT 0;
CREATE INDEX CONCURRENTLY users_premium_level ON users (premium_level);
