"""Which laws the default figures of the corpus break today; written by sheet.py.

An entry that no longer breaks its law fails the tests until it is taken out.
"""

_BROKEN = {
    ("large_enough_text", 360): """
        bezier black_scholes continued_fraction logistic_loss perceptron rnn rodrigues sir td_error
        triplet_loss vae_loss
    """.split(),
    ("within_the_column", 360): """
        bezier black_scholes continued_fraction logistic_loss perceptron rnn rodrigues sir td_error
        triplet_loss vae_loss
    """.split(),
}
TODAY = {(name, width, law) for (law, width), names in _BROKEN.items() for name in names}
