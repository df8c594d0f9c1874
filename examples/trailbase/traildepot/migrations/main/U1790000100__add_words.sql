ALTER TABLE articles ADD COLUMN words INTEGER NOT NULL DEFAULT 0;

UPDATE articles SET words = 1 + length(body) - length(replace(body, ' ', ''));
