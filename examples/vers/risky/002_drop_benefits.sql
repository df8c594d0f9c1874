-- Is anybody going to miss it?
DROP TABLE premium_benefits;
