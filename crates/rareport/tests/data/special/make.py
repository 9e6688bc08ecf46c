#!/usr/bin/env python3
"""Writes reference.tsv: values of special functions, computed with 160 bits or more.

usage: make.py >reference.tsv     (needs gmpy2, which is MPFR; takes about ten minutes)

A line is the name of the function, its arguments, and its value; all reals are the shortest text
that reads back as the same binary64. The arguments are drawn with a fixed seed.

beta_cdf        a b x      regularised incomplete beta function
beta_quantile   a b p      its inverse in x
gamma_q         s x        regularised upper incomplete gamma function
normal_tail     p          z with P(Z > z) = p for a standard normal Z
ln_gamma        x
"""
import random

import gmpy2
from gmpy2 import exp, log, log1p, mpfr

gmpy2.get_context().precision = 160
random.seed(2)


def ln_gamma(x):
    return gmpy2.lgamma(x)[0]


def series(a, b, x):
    """Incomplete beta function by a series of positive terms, for x below the mean."""
    scale = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * log(x) + b * log1p(-x)) / a
    term = total = mpfr(1)
    n, ab, above, small = 0, a + b, a + 1, mpfr("1e-40")
    while term > total * small:
        term = term * (ab + n) * x / (above + n)
        total += term
        n += 1
    return scale * total


def beta_cdf(a, b, x):
    a, b, x = mpfr(a), mpfr(b), mpfr(x)
    if x < a / (a + b):
        return series(a, b, x)
    return 1 - series(b, a, 1 - x)


def beta_density(a, b, x):
    scale = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)
    return exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))


def beta_quantile(a, b, p):
    a, b, p = mpfr(a), mpfr(b), mpfr(p)
    low, high = mpfr(-3000), mpfr(0)
    for _ in range(40):
        middle = (low + high) / 2
        if beta_cdf(a, b, exp(middle)) < p:
            low = middle
        else:
            high = middle
    x = exp((low + high) / 2)
    for _ in range(4):
        x -= (beta_cdf(a, b, x) - p) / beta_density(a, b, x)
    return x


def gamma_q(s, x):
    s, x = mpfr(s), mpfr(x)
    scale = exp(s * log(x) - x - ln_gamma(s))
    term = total = 1 / s
    n, small = 1, mpfr("1e-390")
    while term > total * small or n < x:
        term = term * x / (s + n)
        total += term
        n += 1
    return 1 - scale * total


def normal_tail(p):
    p = mpfr(p)
    z = gmpy2.sqrt(-2 * log(p)) if p < 0.1 else mpfr(0.7)
    root, scale = gmpy2.sqrt(mpfr(2)), gmpy2.sqrt(2 * gmpy2.const_pi())
    for _ in range(60):
        tail = gmpy2.erfc(z / root) / 2
        z += (log(tail) - log(p)) * tail * scale * exp(z * z / 2)
    return z


def write(name, *numbers):
    print("\t".join([name] + [repr(float(number)) for number in numbers]))


def main():
    for _ in range(300):
        a, b = 10 ** random.uniform(-3, 5.0), 10 ** random.uniform(-3, 5)
        mean = a / (a + b)
        deviation = (a * b / ((a + b) ** 2 * (a + b + 1))) ** 0.5
        x = min(max(mean + random.gauss(0, 1.5) * deviation, 1e-9), 1 - 1e-9)
        write("beta_cdf", a, b, x, beta_cdf(a, b, x))
    for a, b, x in ((1e5, 1e5, 0.5), (1e5, 1e5, 0.501), (3e4, 1e5, 0.2307), (1e5, 10.0, 0.9999),
                    (10.0, 1e5, 1e-4), (1e5, 0.5, 0.99999)):
        write("beta_cdf", a, b, x, beta_cdf(a, b, x))
    for _ in range(120):
        a, b = 10 ** random.uniform(-1, 4), 10 ** random.uniform(-1, 4.5)
        q = random.choice([7, 5, 3])
        p = random.randint(1, q - 1) / q
        write("beta_quantile", a, b, p, beta_quantile(a, b, p))
    gmpy2.get_context().precision = 1300
    for i in range(150):
        s = random.choice([0.5, 1, 1.5, 2, 10, 50, 250, 2000, 20000.5]) * random.choice([1, 1, 1.37])
        x = s + random.gauss(0, 3) * s ** 0.5
        if x <= 0:
            x = s / 10
        if i % 10 == 0:
            x = s + 700 * random.random()
        write("gamma_q", s, x, gamma_q(s, x))
    gmpy2.get_context().precision = 160
    for i in range(150):
        p = 10 ** (-random.uniform(0.31, 307)) if i % 2 else random.uniform(1e-6, 0.5)
        write("normal_tail", p, normal_tail(p))
    for _ in range(100):
        x = 10 ** random.uniform(-3, 6)
        write("ln_gamma", x, ln_gamma(mpfr(x)))
    for _ in range(40):
        a, b = 10 ** random.uniform(-3, -1), 10 ** random.uniform(-3, 4)
        q = random.choice([7, 5, 3])
        p = random.randint(1, q - 1) / q
        write("beta_quantile", a, b, p, beta_quantile(a, b, p))


if __name__ == "__main__":
    main()
