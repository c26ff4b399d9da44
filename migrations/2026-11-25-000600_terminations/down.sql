DROP TABLE terminations;
