"""Why ReLU learns where the sigmoid is flat: both functions above their derivatives.

The gradient is multiplied by the slope on its way back. A sigmoid's is never more than a quarter
and almost nothing on both sides; ReLU's is 1 for every positive input, however large.
"""

import graphtrace as gt

figure = gt.figures.activation(gt.sigmoid, gt.relu, names=["σ", "ReLU"])
