"""The deceptive landscapes once more, as the literature prints them, for mpmath: written apart from the package."""

from mpmath import cos, exp, mpf, pi, sqrt

FOXHOLES = [(i, j) for j in (-32, -16, 0, 16, 32) for i in (-32, -16, 0, 16, 32)]

SHEKEL = [
    ("4 4 4 4", "0.1"),
    ("1 1 1 1", "0.2"),
    ("8 8 8 8", "0.2"),
    ("6 6 6 6", "0.4"),
    ("3 7 3 7", "0.4"),
    ("2 9 2 9", "0.6"),
    ("5 5 3 3", "0.3"),
    ("8 1 8 1", "0.7"),
    ("6 2 6 2", "0.5"),
    ("7 3.6 7 3.6", "0.5"),
]

HARTMANN_3 = [
    ("1", "3 10 30", "0.3689 0.1170 0.2673"),
    ("1.2", "0.1 10 35", "0.4699 0.4387 0.7470"),
    ("3", "3 10 30", "0.1091 0.8732 0.5547"),
    ("3.2", "0.1 10 35", "0.03815 0.5743 0.8828"),
]

HARTMANN_6 = [
    ("1", "10 3 17 3.5 1.7 8", "0.1312 0.1696 0.5569 0.0124 0.8283 0.5886"),
    ("1.2", "0.05 10 17 0.1 8 14", "0.2329 0.4135 0.8307 0.3736 0.1004 0.9991"),
    ("3", "3 3.5 1.7 10 17 8", "0.2348 0.1451 0.3522 0.2883 0.3047 0.6650"),
    ("3.2", "17 8 0.05 10 0.1 14", "0.4047 0.8828 0.8732 0.5743 0.1091 0.0381"),
]


def numbers(text):
    return [mpf(word) for word in text.split()]


def shekel_foxholes(v):
    x, y = v
    holes = sum(1 / (j + (x - a) ** 6 + (y - b) ** 6) for j, (a, b) in enumerate(FOXHOLES, 1))
    return 1 / (mpf("0.002") + holes)


def shekel(v, wells):
    return -sum(
        1 / (mpf(depth) + sum((x - a) ** 2 for x, a in zip(v, numbers(centre), strict=True))) for centre, depth in wells
    )


def shekel_5(v):
    return shekel(v, SHEKEL[:5])


def shekel_7(v):
    return shekel(v, SHEKEL[:7])


def shekel_10(v):
    return shekel(v, SHEKEL)


def hartmann(v, wells):
    return -sum(
        mpf(depth) * exp(-sum(a * (x - p) ** 2 for x, a, p in zip(v, numbers(widths), numbers(centre), strict=True)))
        for depth, widths, centre in wells
    )


def hartmann_3(v):
    return hartmann(v, HARTMANN_3)


def hartmann_6(v):
    return hartmann(v, HARTMANN_6)


def lunacek_bi_rastrigin(v):
    n, near = len(v), mpf("2.5")
    s = 1 - 1 / (2 * sqrt(mpf(n + 20)) - mpf("8.2"))
    far = -sqrt((near**2 - 1) / s)
    funnels = min(sum((x - near) ** 2 for x in v), n + s * sum((x - far) ** 2 for x in v))
    return funnels + 10 * sum(1 - cos(2 * pi * (x - near)) for x in v)


VARIANTS = {
    ("hartmann_3", "surjanovic_bingham"): lambda v: hartmann(
        v, [*HARTMANN_3[:3], ("3.2", "0.1 10 35", "0.0381 0.5743 0.8828")]
    ),
    ("shekel_7", "surjanovic_bingham"): lambda v: shekel(v, [*SHEKEL[:6], ("5 3 5 3", "0.3")]),
    ("shekel_10", "surjanovic_bingham"): lambda v: shekel(v, [*SHEKEL[:6], ("5 3 5 3", "0.3"), *SHEKEL[7:]]),
}
"""The same with the constants that others print."""
