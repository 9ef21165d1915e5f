#!/usr/bin/env python3
"""Writes the golden tables of this folder: what CPython itself prints.

python_repr.tsv   bits of a double (hex), repr(x), digits, bits of float(f"{x:.{digits}g}")
python_dumps.tsv  a JSON text, json.dumps(json.loads(text), sort_keys=True)

Run it in this folder; the seed is fixed, so a second run changes nothing.
"""
import json
import math
import random
import struct


def bits(x):
    return f"{struct.unpack('<Q', struct.pack('<d', x))[0]:016x}"


def from_bits(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def doubles(rng):
    yield from [0.0, -0.0, 1.0, 2.0, -1.5, 0.1, 0.2, 0.3, 1 / 3, 1e-4, 1e-5, 9.999e-5, 0.00012345,
                12.34567, 1e15, 1e16, 1e17, 123456789012345680.0, 9999999999999998.0, 1e21, 1e22,
                1e23, 2.5, 3.5, 0.5, 1.25, 1.35, 2.675, 1.005, 5e-324, 1e-323, 2.2250738585072014e-308,
                2.225073858507201e-308, 1.7976931348623157e308, 4.35, 0.00025, 9007199254740991.0,
                9007199254740992.0, 9007199254740993.0, 9007199254740994.0, 1e300, 1e-300,
                math.pi, math.e, 100.0, 99995.0, 99985.0, 9.9995, 0.30000000000000004,
                float("inf"), float("-inf")]
    for exponent in range(-1074, 1024, 13):
        yield math.ldexp(1.0, exponent)
    for exponent in range(-60, 70):
        yield math.ldexp(1.0, exponent)
    for exponent in range(-30, 30):
        yield 10.0 ** exponent
        yield math.nextafter(10.0 ** exponent, 0)
    for _ in range(150):
        x = from_bits(rng.getrandbits(64))
        if not math.isnan(x) and not math.isinf(x):
            yield x
    for _ in range(100):
        yield round(rng.uniform(-1000, 1000), rng.randrange(0, 8))
    for _ in range(60):
        yield float(rng.randrange(10 ** rng.randrange(1, 19)))


def texts(rng):
    yield from ['{"b":2,"a":[1,2]}', '{"b":2,"a":[1,2],"é":1.0,"n":null,"t":true}', '[]', '{}', '""',
                'null', 'true', '-0', '-0.0', '0e5', '1E5', '1e+5', '1.50', '100000000000000000000000',
                '1e16', '1e15', '123456789.123456789123456789', '1e-400', '-1e-400', '0.1e1',
                '"\\u0000\\u001f\\u007f\\u0080"', '"\\ud83d\\ude00 \\u20ac"', '"/ \\/ \\\\ \\" \\b\\f\\n\\r\\t"',
                '{"é":1,"z":2,"𐀀":3,"\\uffff":4,"Z":5,"":6}', '[[],{},[{}],{"a":[]}]',
                '{"a":{"c":1,"b":{"e":1,"d":2}}}', '[1,1.0,1e0,true,"1"]']
    letters = ["a", "B", "é", "ß", "€", "😀", "\\n", "\\u0001", "\\\"", "/", " ", "\x7f", "\\ud800\\udc00"]

    def value(depth):
        kind = rng.randrange(8 if depth < 3 else 5)
        if kind == 0:
            return rng.choice(["null", "true", "false"])
        if kind == 1:
            return str(rng.randrange(-10 ** rng.randrange(1, 30), 10 ** 18))
        if kind == 2:
            return repr(rng.uniform(-1, 1) * 10.0 ** rng.randrange(-25, 25))
        if kind == 3:
            return f"{rng.randrange(1000)}.{rng.randrange(1000)}e{rng.randrange(-20, 20)}"
        if kind == 4:
            return '"' + "".join(rng.choice(letters) for _ in range(rng.randrange(6))) + '"'
        if kind in (5, 6):
            keys = {"".join(rng.choice(letters) for _ in range(rng.randrange(1, 4)))
                    for _ in range(rng.randrange(5))}
            unique = {json.loads(f'"{key}"'): key for key in sorted(keys)}
            return "{" + ",".join(f'"{key}": {value(depth + 1)}' for key in unique.values()) + "}"
        return "[" + ", ".join(value(depth + 1) for _ in range(rng.randrange(5))) + "]"

    for _ in range(250):
        yield value(0)


def main():
    rng = random.Random(20240801)
    with open("python_repr.tsv", "w", encoding="utf-8") as out:
        for x in doubles(rng):
            digits = rng.choice([1, 2, 3, 4, 4, 6, 10, 15, 16])
            rounded = float(f"{x:.{digits}g}")
            out.write(f"{bits(x)}\t{x!r}\t{digits}\t{bits(rounded)}\n")
    with open("python_dumps.tsv", "w", encoding="utf-8") as out:
        for text in texts(rng):
            out.write(f"{text}\t{json.dumps(json.loads(text), sort_keys=True)}\n")


main()
