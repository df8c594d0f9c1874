-- Who supplies a product, and what came in and went out.
CREATE TABLE suppliers (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  contact_email text
);

CREATE TABLE inventory_movements (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id integer NOT NULL REFERENCES products (id),
  quantity_change integer NOT NULL,
  reason text
);

ALTER TABLE products ADD COLUMN reorder_level integer NOT NULL DEFAULT 10;
ALTER TABLE products ADD COLUMN supplier_id integer;

INSERT INTO suppliers (name, contact_email) VALUES ('Tech Supplies Inc', 'orders@techsupplies.example');

UPDATE products SET supplier_id = 1 WHERE id IN (1, 2, 3);
