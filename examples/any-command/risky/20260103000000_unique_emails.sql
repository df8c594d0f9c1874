-- migrate:up
DELETE FROM customers WHERE id NOT IN (SELECT min(id) FROM customers GROUP BY email);
CREATE UNIQUE INDEX customers_email ON customers (email);

-- migrate:down
DROP INDEX customers_email;
