-- What visitors look at, and what a day brings in.
CREATE TABLE page_views (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER REFERENCES users(id),
  page_path TEXT NOT NULL,
  viewed_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE daily_stats (
  date DATE PRIMARY KEY,
  total_orders INTEGER NOT NULL DEFAULT 0,
  total_revenue DECIMAL(10,2) NOT NULL DEFAULT 0
);

INSERT INTO daily_stats (date, total_orders, total_revenue)
  SELECT date(created_at), count(*), sum(total) FROM orders GROUP BY date(created_at);
