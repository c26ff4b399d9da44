DROP FUNCTION name_pairs(text);
