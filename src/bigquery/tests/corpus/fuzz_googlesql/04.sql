SELECT a BETWEEN 1 AND 2, a NOT IN (1, 2), a IN UNNEST(b), a IN (SELECT 1), a LIKE 'x%', a IS NOT NULL, a IS DISTINCT FROM b, a NOT LIKE ANY ('x', 'y'), a & b | c ^ d << 1 FROM t
