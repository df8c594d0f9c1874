CREATE TABLE archive (id INTEGER PRIMARY KEY, number TEXT NOT NULL);
INSERT INTO archive SELECT id, number FROM invoices WHERE paid = 1;
DELETE FROM invoices WHERE paid = 0;
