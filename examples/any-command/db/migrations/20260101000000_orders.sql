-- migrate:up
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total REAL);

-- migrate:down
DROP TABLE orders;
