SELECT * FROM t PIVOT(SUM(x) AS s FOR k IN (1 AS one, 2)) AS p, u UNPIVOT INCLUDE NULLS (v FOR n IN (a, b AS 'bee'))
