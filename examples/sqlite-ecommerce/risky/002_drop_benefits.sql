-- Is anybody still reading this table?
DROP TABLE premium_benefits;
