-- Fails half-way: the third statement names a column that is not there.
CREATE TABLE loyalty (user_id INTEGER PRIMARY KEY REFERENCES users(id), points INTEGER NOT NULL DEFAULT 0);
INSERT INTO loyalty (user_id) SELECT id FROM users;
UPDATE loyalty SET points = (SELECT sum(amount) FROM orders WHERE orders.user_id = loyalty.user_id);
ALTER TABLE orders ADD COLUMN points INTEGER;
