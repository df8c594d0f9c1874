-- Every order belongs to a user.
SELECT orders.id FROM orders LEFT JOIN users ON users.id = orders.user_id WHERE users.id IS NULL;

-- forerun: must fail SQLITE_CONSTRAINT_UNIQUE
INSERT INTO users (email, name) SELECT email, name FROM users LIMIT 1;
