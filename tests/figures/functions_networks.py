"""Functions from papers and blogs on neural networks, as strangers write them."""

import numpy as np
from figures.example import Example

RNG = np.random.default_rng(11)


def normal(*shape):
    return RNG.normal(size=shape) / 2


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(x, axis=-1):
    x = x - x.max(axis=axis, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def two_layer_mlp(params, x, y):
    h = np.maximum(0, params["W1"] @ x + params["b1"])
    y_hat = params["W2"] @ h + params["b2"]
    loss = np.mean((y_hat - y) ** 2)
    return loss


def resnet(x, weights):
    for W in weights:
        out = np.maximum(W @ x, 0)
        x = x + out
    return x.mean()


def rnn(Wxh, Whh, Why, bh, xs, target):
    h = np.zeros(3)
    for x in xs:
        h = np.tanh(Wxh @ x + Whh @ h + bh)
    y = Why @ h
    return np.sum((y - target) ** 2)


def lstm_cell(x, h, c, W, b):
    z = W @ np.concatenate([x, h]) + b
    i, f, o, g = np.split(z, 4)
    i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
    g = np.tanh(g)
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return h_next, c_next


def attention(X, W_q, W_k, W_v):
    Q = X @ W_q
    K = X @ W_k
    V = X @ W_v
    d_k = K.shape[-1]
    scores = Q @ K.T / np.sqrt(d_k)
    weights = softmax(scores)
    return weights @ V


def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out


def conv2d(image, kernel):
    H, W = image.shape
    kh, kw = kernel.shape
    out = np.zeros((H - kh + 1, W - kw + 1))
    rows = []
    for i in range(H - kh + 1):
        row = []
        for j in range(W - kw + 1):
            patch = image[i : i + kh, j : j + kw]
            row.append(np.sum(patch * kernel))
        rows.append(row)
    return np.sum(np.array(rows) ** 2)


def triplet_loss(anchor, positive, negative, margin=0.2):
    d_pos = np.sum((anchor - positive) ** 2)
    d_neg = np.sum((anchor - negative) ** 2)
    return np.maximum(d_pos - d_neg + margin, 0)


def focal_loss(logit, target, alpha=0.25, gamma=2.0):
    p = sigmoid(logit)
    accuracy = (p > 0.5) == (target > 0.5)
    p_t = p if target == 1 else 1 - p
    alpha_t = alpha if target == 1 else 1 - alpha
    return -alpha_t * (1 - p_t) ** gamma * np.log(p_t)


def dice_loss(pred, mask, smooth=1.0):
    p = sigmoid(pred).flatten()
    m = mask.flatten()
    intersection = (p * m).sum()
    dice = (2.0 * intersection + smooth) / (p.sum() + m.sum() + smooth)
    return 1 - dice


def policy_gradient(theta, state, action, reward, baseline=0.0):
    logits = theta @ state
    probs = softmax(logits)
    log_prob = np.log(probs[action])
    return -log_prob * (reward - baseline)


def td_error(w, phi, phi_next, reward, gamma=0.99, done=False):
    v = w @ phi
    v_next = 0.0 if done else w @ phi_next
    target = reward + gamma * v_next
    return 0.5 * (target - v) ** 2


def vae_loss(x, W_mu, W_logvar, W_dec, eps):
    mu = W_mu @ x
    logvar = W_logvar @ x
    z = mu + np.exp(0.5 * logvar) * eps
    x_rec = sigmoid(W_dec @ z)
    rec = -np.sum(x * np.log(x_rec) + (1 - x) * np.log(1 - x_rec))
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return rec + kl


class Neuron:
    def __init__(self, w, b):
        self.w = w
        self.b = b

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return np.tanh(act)


def neuron(w, b, x):
    n = Neuron(w, b)
    return n(x)


class Perceptron:
    def __init__(self, weights, bias, lr=0.1):
        self.weights = weights
        self.bias = bias
        self.lr = lr

    def predict(self, x):
        return sigmoid(np.dot(self.weights, x) + self.bias)

    def update(self, x, y):
        error = y - self.predict(x)
        self.weights = self.weights + self.lr * error * x
        self.bias = self.bias + self.lr * error


def perceptron(weights, bias, x, y):
    model = Perceptron(weights, bias)
    model.update(x, y)
    return (y - model.predict(x)) ** 2


PARAMS = {"W1": normal(3, 2), "b1": np.zeros(3), "W2": normal(1, 3), "b2": np.zeros(1)}
MASK = np.array([[1.0, 0.0], [1.0, 1.0]])
FUNCTIONS = [
    Example(
        two_layer_mlp,
        (PARAMS, np.array([1.0, -0.5]), np.array([0.3])),
        "two_layer_mlp",
        "a hundred blogs",
    ),
    Example(
        resnet,
        (np.array([0.5, -1.0, 0.8]), [normal(3, 3) for _ in range(6)]),
        "resnet",
        "He et al. 2016",
    ),
    Example(
        rnn,
        (
            normal(3, 2),
            normal(3, 3),
            normal(1, 3),
            np.zeros(3),
            [normal(2) for _ in range(4)],
            np.array([0.5]),
        ),
        "rnn",
        "Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks",
    ),
    Example(
        lstm_cell,
        (normal(2), normal(3), normal(3), normal(12, 5), np.zeros(12)),
        "lstm_cell",
        "Hochreiter and Schmidhuber 1997; Olah, Understanding LSTM Networks",
    ),
    Example(
        attention,
        (normal(3, 4), normal(4, 2), normal(4, 2), normal(4, 2)),
        "attention",
        "Vaswani et al. 2017",
    ),
    Example(
        layer_norm,
        (normal(2, 4), np.ones(4), np.zeros(4)),
        "layer_norm",
        "Ba et al. 2016",
    ),
    Example(
        batchnorm_forward,
        (normal(5, 3), np.ones(3), np.zeros(3)),
        "batchnorm_forward",
        "Kratzert, Understanding the backward pass through Batch Normalization",
    ),
    Example(conv2d, (normal(4, 4), normal(2, 2)), "conv2d", "a tutorial on convolution"),
    Example(triplet_loss, (normal(3), normal(3), normal(3)), "triplet_loss", "Schroff et al. 2015"),
    Example(focal_loss, (0.4, 1.0), "focal_loss", "Lin et al. 2017"),
    Example(dice_loss, (normal(2, 2), MASK), "dice_loss", "Milletari et al. 2016; a Kaggle kernel"),
    Example(
        policy_gradient,
        (normal(3, 2), np.array([0.5, -1.0]), 1, 2.5),
        "policy_gradient",
        "Williams 1992; Sutton and Barto, 13.3",
    ),
    Example(td_error, (normal(3), normal(3), normal(3), 1.0), "td_error", "Sutton and Barto, 9.3"),
    Example(
        vae_loss,
        (
            np.array([1.0, 0.0, 1.0]),
            normal(2, 3),
            normal(2, 3),
            normal(3, 2),
            np.array([0.3, -0.7]),
        ),
        "vae_loss",
        "Kingma and Welling 2014",
    ),
    Example(neuron, ([0.5, -0.3, 0.8], 0.1, [1.0, 2.0, -1.0]), "neuron", "Karpathy, micrograd"),
    Example(
        perceptron,
        (np.array([0.2, -0.4]), 0.1, np.array([1.0, 0.5]), 1.0),
        "perceptron",
        "Raschka, Python Machine Learning, 2",
    ),
]
