-- Premium users and what they get for it.
ALTER TABLE users ADD COLUMN is_premium boolean NOT NULL DEFAULT false;
ALTER TABLE users ADD COLUMN premium_since timestamptz;

CREATE TABLE premium_benefits (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  discount_percent integer NOT NULL DEFAULT 0
);

INSERT INTO premium_benefits (name, discount_percent) VALUES ('Free Shipping', 0), ('10% Discount', 10);

UPDATE users SET is_premium = true, premium_since = now() WHERE id = 1;
