SELECT 'a\'b', "c", r'\d', b'\xff', '''x'y''', 0x1F, 1.5e3, .5, NULL, TRUE, @p, ?
