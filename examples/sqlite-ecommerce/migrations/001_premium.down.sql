DROP TABLE premium_benefits;
ALTER TABLE users DROP COLUMN premium_since;
ALTER TABLE users DROP COLUMN is_premium;
