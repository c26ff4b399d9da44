DROP TABLE manuals;
