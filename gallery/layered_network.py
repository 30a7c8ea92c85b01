"""The lecture's network: three inputs, hidden layers of 5, 5 and 3 neurons, one output."""

import graphtrace as gt

figure = gt.figures.network([3, 5, 5, 3, 1])
