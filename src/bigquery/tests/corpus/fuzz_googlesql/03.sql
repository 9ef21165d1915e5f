SELECT 5 .a, - 5 .*, 1e5 .b FROM t
