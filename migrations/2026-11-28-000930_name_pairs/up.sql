-- A name's neighbouring characters, two by two, for an index that finds any part of a Chinese name. pg_trgm wants three characters,
-- and knows no Chinese ones where the locale is C; pg_bigm is in no distribution's packages.
CREATE FUNCTION name_pairs(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr(lower(name), place, 2))
    FROM generate_series(1, greatest(char_length(name) - 1, 1)) AS place
$$;
