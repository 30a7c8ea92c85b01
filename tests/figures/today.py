"""Which laws the default figures of the corpus break today; written by sheet.py.

An entry that no longer breaks its law fails the tests until it is taken out.
"""

_BROKEN = {
    ("large_enough_text", 720): """
        ar_forecast beale bezier black_scholes bond_price continued_fraction conv2d
        cosine_similarity gaussian_pdf kalman_step logistic_loss lstm_cell pendulum polynomial
        resnet ridge_regression rnn rodrigues sir van_der_waals
    """.split(),
    ("large_enough_text", 360): """
        ar_forecast attention batchnorm_forward beale bezier black_scholes bond_price
        cholesky_logdet compound_interest continued_fraction conv2d cosine_similarity dice_loss
        elo_update euclidean_distance focal_loss gaussian_pdf gp_log_likelihood haversine heron
        himmelblau horner huber imu_rotation kalman_step kepler kl_gaussians layer_norm lens_maker
        logistic_loss logistic_map lotka_volterra lstm_cell michaelis_menten neuron newton_sqrt
        pca_loss pendulum perceptron policy_gradient polynomial projectile_range quadratic_formula
        rc_lowpass resnet ridge_regression rnn rodrigues rosenbrock simpson sir svm_hinge_loss
        taylor_sin td_error triplet_loss two_layer_mlp vae_loss van_der_waals
    """.split(),
    ("within_the_column", 720): """
        ar_forecast bezier conv2d pendulum polynomial rnn
    """.split(),
    ("within_the_column", 360): """
        ar_forecast attention beale bezier black_scholes bond_price cholesky_logdet
        compound_interest conv2d cosine_similarity elo_update euclidean_distance focal_loss
        gaussian_pdf gp_log_likelihood haversine heron himmelblau horner huber imu_rotation
        kalman_step kepler kl_gaussians layer_norm lens_maker logistic_loss logistic_map
        lotka_volterra lstm_cell michaelis_menten neuron newton_sqrt pca_loss pendulum
        policy_gradient polynomial projectile_range quadratic_formula rc_lowpass resnet
        ridge_regression rnn rodrigues simpson sir svm_hinge_loss taylor_sin td_error triplet_loss
        two_layer_mlp vae_loss van_der_waals
    """.split(),
    ("within_the_page", 720): """
        attention batchnorm_forward black_scholes bond_price cholesky_logdet dice_loss elo_update
        focal_loss gp_log_likelihood haversine heron horner imu_rotation kalman_step kepler
        logistic_loss logistic_map logsumexp lstm_cell newton_sqrt pca_loss pendulum perceptron
        policy_gradient projectile_range rc_lowpass resnet rnn simpson sir softmax_cross_entropy
        svm_hinge_loss taylor_sin triplet_loss two_layer_mlp vae_loss
    """.split(),
    ("within_the_page", 360): """
        batchnorm_forward bond_price cholesky_logdet dice_loss gp_log_likelihood kepler
        logistic_map logsumexp newton_sqrt pendulum perceptron rc_lowpass resnet rnn
        softmax_cross_entropy vae_loss
    """.split(),
    ("names_whole", 720): """
        compound_interest euclidean_distance
    """.split(),
    ("names_whole", 360): """
        compound_interest euclidean_distance softmax_cross_entropy
    """.split(),
    ("no_number_cut", 720): """
        conv2d cosine_similarity imu_rotation logsumexp lstm_cell pca_loss ridge_regression
        td_error two_layer_mlp
    """.split(),
    ("no_number_cut", 360): """
        attention conv2d cosine_similarity dice_loss gp_log_likelihood imu_rotation logistic_loss
        logsumexp lstm_cell pca_loss ridge_regression softmax_cross_entropy svm_hinge_loss td_error
        two_layer_mlp
    """.split(),
    ("no_command_printed", 720): """
        conv2d imu_rotation lotka_volterra
    """.split(),
    ("no_command_printed", 360): """
        conv2d imu_rotation lotka_volterra
    """.split(),
    ("nothing_dead", 720): """
        ar_forecast bond_price cholesky_logdet euclidean_distance focal_loss huber kepler
        lens_maker newton_sqrt policy_gradient sir softmax_cross_entropy taylor_sin van_der_waals
    """.split(),
    ("nothing_dead", 360): """
        ar_forecast bond_price cholesky_logdet euclidean_distance focal_loss huber kepler
        lens_maker newton_sqrt policy_gradient sir softmax_cross_entropy taylor_sin van_der_waals
    """.split(),
}
TODAY = {(name, width, law) for (law, width), names in _BROKEN.items() for name in names}
