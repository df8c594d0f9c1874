-- Who supplies a product, and what came in and went out.
CREATE TABLE suppliers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  contact_email TEXT
);

CREATE TABLE inventory_movements (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL REFERENCES products(id),
  quantity_change INTEGER NOT NULL,
  reason TEXT,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

ALTER TABLE products ADD COLUMN reorder_level INTEGER NOT NULL DEFAULT 10;
ALTER TABLE products ADD COLUMN supplier_id INTEGER;

INSERT INTO suppliers (name, contact_email) VALUES
  ('Tech Supplies Inc', 'orders@techsupplies.com'),
  ('Office Depot', 'sales@officedepot.com');

UPDATE products SET supplier_id = 1 WHERE id IN (1, 2, 3);
UPDATE products SET supplier_id = 2 WHERE id = 4;
