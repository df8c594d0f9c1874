-- migrate:up
ALTER TABLE customers ADD COLUMN points INTEGER NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE customers DROP COLUMN points;
