SELECT a.b.c, t.*, * EXCEPT (x) REPLACE (1 AS y) FROM `p-q.d.t` AS t, u.v w
