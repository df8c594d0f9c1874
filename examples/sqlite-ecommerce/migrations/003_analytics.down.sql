DROP TABLE daily_stats;
DROP TABLE page_views;
