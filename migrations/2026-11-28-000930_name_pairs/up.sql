-- A name's neighbouring characters, two by two, for an index that finds any part of a Chinese name. pg_trgm wants three characters,
-- and knows no Chinese ones where the locale is C; pg_bigm is in no distribution's packages.
CREATE FUNCTION name_pairs(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr(low, place, 2))
    FROM (SELECT lower(name)) AS lowered (low), generate_series(1, greatest(char_length(low) - 1, 1)) AS place
$$;
