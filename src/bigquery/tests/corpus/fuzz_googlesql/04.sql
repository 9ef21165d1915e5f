DROP TABLE my-`a.b`project.d.t
