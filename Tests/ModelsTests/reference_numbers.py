"""Numbers that the references and the tests make alike."""

import numpy


def uniform(stream, count):
    """`count` numbers of [-1, 1) in single precision: MurmurHash3's last steps on a stream's and each number's index."""
    x = (numpy.arange(count, dtype=numpy.uint64) * 0x9E3779B1 + stream * 0x85EBCA77) % 2**32
    for shift, factor in [(16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)]:
        x = (x ^ (x >> numpy.uint64(shift))) * factor % 2**32
    return x / 2.0**31 - 1
