ALTER TABLE invoices ADD COLUMN due TEXT;
CREATE INDEX invoices_unpaid ON invoices (due) WHERE paid = 0;
