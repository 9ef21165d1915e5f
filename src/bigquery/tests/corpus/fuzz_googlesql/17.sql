UPDATE t AS x SET a = 1, b.c = DEFAULT FROM u WHERE x.k = u.k
