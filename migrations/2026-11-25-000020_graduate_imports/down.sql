DROP TABLE graduate_import_problems;
DROP TABLE graduate_imports;
