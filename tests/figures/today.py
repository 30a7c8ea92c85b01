"""Which laws the default figures of the corpus break today; written by sheet.py.

An entry that no longer breaks its law fails the tests until it is taken out.
"""

_BROKEN = {
    ("large_enough_text", 720): """
        ar_forecast bezier imu_rotation lotka_volterra sir
    """.split(),
    ("large_enough_text", 360): """
        ar_forecast attention batchnorm_forward beale bezier black_scholes bond_price
        cholesky_logdet continued_fraction elo_update focal_loss gaussian_pdf gp_log_likelihood
        haversine horner imu_rotation kalman_step layer_norm lens_maker logistic_loss
        lotka_volterra lstm_cell michaelis_menten neuron pca_loss perceptron policy_gradient
        projectile_range quadratic_formula rc_lowpass resnet ridge_regression rnn rodrigues simpson
        sir td_error triplet_loss two_layer_mlp vae_loss
    """.split(),
    ("within_the_column", 720): """
        ar_forecast bezier imu_rotation lotka_volterra lstm_cell sir
    """.split(),
    ("within_the_column", 360): """
        ar_forecast attention batchnorm_forward beale bezier black_scholes bond_price
        cholesky_logdet continued_fraction elo_update focal_loss gaussian_pdf gp_log_likelihood
        haversine horner imu_rotation kalman_step layer_norm lens_maker logistic_loss
        lotka_volterra lstm_cell michaelis_menten neuron newton_sqrt pca_loss perceptron
        policy_gradient projectile_range quadratic_formula rc_lowpass resnet ridge_regression rnn
        rodrigues simpson sir td_error triplet_loss two_layer_mlp vae_loss
    """.split(),
    ("within_the_page", 720): """
        cholesky_logdet
    """.split(),
    ("within_the_page", 360): """
        rc_lowpass
    """.split(),
    ("printed_names_unique", 720): """
        attention bond_price resnet sir
    """.split(),
    ("printed_names_unique", 360): """
        bond_price logistic_map policy_gradient resnet sir
    """.split(),
    ("no_number_cut", 720): """
        cosine_similarity dice_loss gp_log_likelihood imu_rotation lstm_cell resnet two_layer_mlp
    """.split(),
    ("no_number_cut", 360): """
        dice_loss imu_rotation logistic_loss lstm_cell policy_gradient ridge_regression
        svm_hinge_loss two_layer_mlp
    """.split(),
    ("nothing_dead", 720): """
        euclidean_distance focal_loss
    """.split(),
    ("nothing_dead", 360): """
        focal_loss
    """.split(),
}
TODAY = {(name, width, law) for (law, width), names in _BROKEN.items() for name in names}
