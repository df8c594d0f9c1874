-- What visitors look at, and what a day brings in.
CREATE TABLE page_views (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id integer REFERENCES users (id),
  page_path text NOT NULL,
  viewed_at timestamptz DEFAULT now()
);

CREATE TABLE daily_stats (
  date date PRIMARY KEY,
  total_orders integer NOT NULL DEFAULT 0,
  total_revenue numeric(10, 2) NOT NULL DEFAULT 0
);

INSERT INTO page_views (user_id, page_path) VALUES (1, '/products'), (2, '/cart');
