-- Premium users and what they get for it.
ALTER TABLE users ADD COLUMN is_premium BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN premium_since DATETIME;

CREATE TABLE premium_benefits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  discount_percent INTEGER NOT NULL DEFAULT 0
);

INSERT INTO premium_benefits (name, discount_percent) VALUES
  ('Free Shipping', 0),
  ('10% Discount', 10),
  ('Priority Support', 0);

UPDATE users SET is_premium = 1, premium_since = CURRENT_TIMESTAMP WHERE id = 1;
