ALTER TABLE products DROP COLUMN supplier_id;
ALTER TABLE products DROP COLUMN reorder_level;
DROP TABLE inventory_movements;
DROP TABLE suppliers;
