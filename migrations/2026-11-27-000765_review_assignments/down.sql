DROP TABLE review_assignments;
