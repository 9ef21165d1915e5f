SELECT -a + b * c / d - (e + f), NOT a AND b OR c, a || b || (c || d) FROM t
