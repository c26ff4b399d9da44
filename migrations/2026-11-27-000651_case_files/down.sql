DROP TABLE case_files;
DROP FUNCTION refuse_change_of_case_files;
